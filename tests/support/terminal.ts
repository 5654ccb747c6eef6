import { join } from 'node:path';
import type { CommandResult } from '#commands/command.ts';
import { runSlipway } from '#commands/slipway.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';
import { kustomizeFolder, type Tenant } from '#tests/support/tenant.ts';

/** What a command left on a terminal: all of its output, in the order in which it was shown. */
export interface OnTerminal extends CommandResult {
  /** What was told while it ran, on standard error. */
  readonly told: string;
  readonly asked: readonly string[];
}

/** How a person sits at the terminal. */
export interface TerminalOptions {
  /** Answers a question; without it there is no terminal to ask on. */
  readonly answer?: () => boolean | Promise<boolean>;
  readonly isColoured?: boolean;
  readonly width?: number;
  /** What the person's shell has besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder in front of PATH, with a kubectl that has a cluster; without it kubectl has none. */
  readonly tools?: string;
}

/** Clones the tenant's repository as a person does, with its remote over HTTP. */
export function cloneForPerson(tenant: Tenant, name = 'on-call'): string {
  const folder = join(tenant.temp, '..', name);
  git(tenant.temp, 'clone', '-q', `file://${tenant.remote}`, folder);
  // the server lives in this process and could not answer while we wait for git
  git(folder, 'remote', 'set-url', 'origin', tenant.server.url);
  git(folder, 'config', 'user.name', 'On Call');
  git(folder, 'config', 'user.email', 'on-call@example.com');
  return folder;
}

/** The environment of a person's shell: git, kustomize, a home, and nothing of GitHub's. */
export function shellEnvironment(tenant: Tenant): Record<string, string> {
  return {
    PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}`,
    HOME: tenant.temp,
    GIT_CONFIG_NOSYSTEM: gitEnv.GIT_CONFIG_NOSYSTEM,
  };
}

/** Runs `slipway` in this process, in a clone. */
export async function typeSlipway(
  tenant: Tenant,
  clone: string,
  argv: readonly string[],
  options: TerminalOptions = {},
): Promise<OnTerminal> {
  const [shown, told, asked] = [[] as string[], [] as string[], [] as string[]];
  const { answer } = options;
  const confirm = async (question: string): Promise<boolean> => {
    asked.push(question);
    return (await answer?.()) ?? false;
  };
  const result = await runSlipway(argv, {
    environment: {
      ...shellEnvironment(tenant),
      ...(options.tools === undefined ? {} : withTools(tenant, options.tools)),
      ...options.env,
    },
    temp: tenant.temp,
    resolve: (path) => join(clone, path),
    now: () => new Date(),
    width: options.width ?? 80,
    isColoured: options.isColoured ?? false,
    show: (text) => void shown.push(text),
    tell: (text) => void told.push(text),
    confirm: answer === undefined ? undefined : confirm,
  });
  return { ...result, stdout: shown.join('') + result.stdout, told: told.join('\n'), asked };
}

function withTools(tenant: Tenant, folder: string): { PATH: string } {
  return { PATH: `${folder}:${shellEnvironment(tenant)['PATH']}` };
}

const ID = /\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{12}|[0-9a-f]{7})\b/g;

/**
 * Returns output with what differs from run to run replaced: ids become `0000001` and so on in the order in which they
 * appear, as long as they were; times, ages, intents and ports become fixed ones.
 */
export function steady(text: string): string {
  const names = new Map<string, string>();
  return text
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, '0'.repeat(26))
    .replace(/\b\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}(:\d{2}(\.\d+)?)?/g, (_time, space) => `2030-01-02${space}03:04`)
    .replace(/\b127\.0\.0\.1:\d+/g, '127.0.0.1:9')
    .replace(/(?<=^| {2})\d{1,3}[smhd](?= {2})/gm, (age) => '0s'.padEnd(age.length))
    .replace(/(?<= {2})\d+ min(?= {2})/g, (age) => '0 min'.padEnd(age.length))
    .replace(ID, (id) => {
      const key = id.slice(0, 7);
      const name = names.get(key) ?? String(names.size + 1).padStart(7, '0');
      names.set(key, name);
      return name.padEnd(id.length, '.');
    });
}
