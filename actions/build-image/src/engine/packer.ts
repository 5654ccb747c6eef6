import { posix } from 'node:path';
import type { Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';

/** One `packer build`. */
export interface PackerBuild {
  /** Path of the template below `folder`. */
  readonly template: string;
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Returns the arguments of `packer build`, run in the template's own folder as a person would. */
export function packerArgv(build: PackerBuild): [string, ...string[]] {
  const variables = Object.entries(build.variables).flatMap(([name, value]) => ['-var', `${name}=${value}`]);
  return ['packer', 'build', '-color=false', ...variables, posix.basename(build.template)];
}

/** Runs Packer; its output goes to the log line by line. */
export async function runPacker(build: PackerBuild, exec: Exec, log: Log): Promise<void> {
  const cwd = posix.join(build.folder, posix.dirname(build.template));
  await exec(packerArgv(build), { cwd, onLine: log.info });
}

/** True when Packer (1.7 and later) obtains its plugins by `packer init`; before, it has them built in. */
export async function needsInit(exec: Exec): Promise<boolean> {
  const { stdout } = await exec(['packer', 'version']);
  return !hasPluginsBuiltIn(stdout.toString('utf8'));
}

/** Obtains the plugins that are listed in `plugins`, a path below `folder`. */
export async function initPacker(exec: Exec, folder: string, plugins: string, log: Log): Promise<void> {
  const cwd = posix.join(folder, posix.dirname(plugins));
  await exec(['packer', 'init', posix.basename(plugins)], { cwd, onLine: log.info });
}

/** True for the output of `packer version` of a Packer before 1.7. */
export function hasPluginsBuiltIn(version: string): boolean {
  const [, major = '', minor = ''] = /v?(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === '0' || (major === '1' && Number(minor) < 7);
}

const KEPT = /^(?:PATH|HOME|USER|LANG|TMPDIR|DOCKER_\w+|PACKER_\w+|LC_\w+|XDG_\w+|(?:https?|no|all)_proxy)$/i;

/**
 * Returns what Packer and Docker get of the step's environment. Credentials for AWS and GitHub are none of their
 * business, and PKR_VAR_… would change the image without changing its input hash.
 */
export function toolEnvironment(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && KEPT.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1' };
}
