import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { label, type ToolFrom } from '#lab/toolbox/lock.ts';
import type { Machine } from '#lab/toolbox/machine.ts';

type AptTool = ToolFrom<'apt'>;

/** Where Debian looks for the policy that decides whether a package may start its service. */
export const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

const OUR_POLICY =
  '#!/bin/sh\n# written while the lab installs packages: none of them may start its service\nexit 101\n';

/** What installing needs from outside. */
export interface AptPorts {
  readonly exec: Exec;
  readonly machine: Machine;
  readonly isRoot: boolean;
  readonly policyFile: string;
}

/** Refuses when packages are missing and cannot be installed by this process; names the command that would do. */
export function checkApt(ports: AptPorts, tools: readonly AptTool[]): void {
  if (tools.length === 0) return;
  const packages = packagesOf(tools).join(' ');
  const missing = tools.flatMap((tool) => ports.machine.missing(tool)).join(', ');
  if (ports.machine.find('apt-get') === undefined)
    throw new Refusal(
      `${missing}: not on this machine, which has no apt-get either: install what Debian calls ${packages}, and put it on PATH`,
    );
  if (!ports.isRoot)
    throw new Refusal(
      `${missing}: not on this machine, and only root can install it: sudo apt-get install ${packages}`,
    );
}

/** Installs the tools' packages; no service of theirs is started. */
export async function installWithApt(ports: AptPorts, tools: readonly AptTool[], note: (text: string) => void) {
  const extraEnv = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const onLine = (line: string) => note(/^(Get:|Unpacking |Setting up ).{0,60}/.exec(line)?.[0] ?? 'reading lists');
  const patience = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2'] as const;
  await withoutServices(ports.policyFile, async () => {
    await ports.exec(['apt-get', ...patience, 'update', '-q'], { extraEnv, onLine });
    const install = ['apt-get', ...patience, 'install', '-q', '-y', '--no-install-recommends'] as const;
    await ports.exec([...install, ...packagesOf(tools)], { extraEnv, onLine });
  });
  const lacking = tools.filter((tool) => ports.machine.missing(tool).length > 0);
  if (lacking.length === 0) return;
  const missing = lacking.map((tool) => `${label(tool)} (${ports.machine.missing(tool).join(', ')})`).join(', ');
  throw new Refusal(
    `${missing}: still missing after apt-get install ${packagesOf(lacking).join(' ')}: this distribution packs it otherwise; install it by hand and put it on PATH`,
  );
}

/** A policy that is there already stays as it is; one of ours that a killed lab left is taken away at the end. */
async function withoutServices(policyFile: string, work: () => Promise<void>): Promise<void> {
  const isForeign = existsSync(policyFile) && readFileSync(policyFile, 'utf8') !== OUR_POLICY;
  if (!isForeign) {
    writeFileSync(policyFile, OUR_POLICY);
    chmodSync(policyFile, 0o755);
  }
  try {
    await work();
  } finally {
    if (!isForeign) rmSync(policyFile, { force: true });
  }
}

function packagesOf(tools: readonly AptTool[]): string[] {
  return [...new Set(tools.flatMap((tool) => tool.packages))];
}
