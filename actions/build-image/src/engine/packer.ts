import { posix } from 'node:path';
import { CommandError, type Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { Refusal } from '#core/values/errors.ts';
import { findCause } from './cause.ts';
import { BuildFailure } from './failure.ts';

/** One `packer build`. */
export interface PackerBuild {
  /** The image's name in slipway.yaml. */
  readonly image: string;
  /** Path of the template below `folder`. */
  readonly template: string;
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Returns the arguments of `packer build`, run in the template's own folder as a person would. */
export function packerArgv(build: Pick<PackerBuild, 'template' | 'variables'>): [string, ...string[]] {
  const variables = Object.entries(build.variables).flatMap(([name, value]) => ['-var', `${name}=${value}`]);
  return ['packer', 'build', '-color=false', ...variables, posix.basename(build.template)];
}

/** How much of the output is kept for finding out why a build failed, in lines. */
const MOST_KEPT = 5_000;

/** Runs Packer; its output goes to the log line by line. A build that fails is refused with its cause. */
export async function runPacker(build: PackerBuild, exec: Exec, log: Log): Promise<void> {
  const cwd = posix.join(build.folder, posix.dirname(build.template));
  const output: string[] = [];
  const onLine = (line: string): void => {
    log.info(line);
    output.push(line);
    if (output.length > 2 * MOST_KEPT) output.splice(0, MOST_KEPT);
  };
  try {
    await exec(packerArgv(build), { cwd, onLine });
  } catch (error) {
    if (!(error instanceof CommandError) || error.cause !== undefined) throw explainAbsent(error); // Packer did not start
    const exit = error.code === undefined ? 'was ended' : `exited with code ${error.code}`;
    throw new BuildFailure(build.image, build.template, exit, findCause(output));
  }
}

/** True when Packer (1.7 and later) obtains its plugins by `packer init`; before, it has them built in. */
export async function needsInit(exec: Exec): Promise<boolean> {
  const { stdout } = await exec(['packer', 'version']).catch((error: unknown) => {
    throw explainAbsent(error);
  });
  return !hasPluginsBuiltIn(stdout.toString('utf8'));
}

function explainAbsent(error: unknown): unknown {
  if (!(error instanceof CommandError) || !error.isAbsent) return error;
  return new Refusal(
    'packer is not on PATH: install Packer 1.6.6 or later (https://developer.hashicorp.com/packer/install), in a workflow in an earlier step',
    { cause: error },
  );
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
