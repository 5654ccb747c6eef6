import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { withoutRepository } from '#core/git/environment.ts';
import type { Opened } from '#core/release/open-ports.ts';
import { openSourceTree, type SourceTree } from '#core/source/source-tree.ts';
import { type Clock, systemClock } from '#core/system/clock.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import { listenForInterruption } from '#core/system/interruption.ts';
import type { Annotation, Log } from '#core/system/log.ts';
import { openScratch, type Scratch } from '#core/system/scratch.ts';
import { openCli, type TerraformCli } from '#core/terraform/run/cli.ts';
import { openFileStore, type PlanStore } from '#core/terraform/saved-plan/store.ts';
import { listEnvironmentSecrets, listVariableValues } from './environment-secrets.ts';
import type { Stack, StackPlace } from './stack.ts';

/** What planning and applying a stack need from the world. */
export interface StackPorts extends StackPlace {
  /** The checked-out commit. */
  readonly source: SourceTree;
  readonly exec: Exec;
  readonly openTerraform: (stack: Stack) => TerraformCli;
  /** Returns a new empty folder, which is removed at the end. */
  readonly folder: () => Promise<string>;
  readonly store: PlanStore;
  /** Writes a file of the workspace. */
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  /** Values that are secrets whatever a plan says, and those of variables, which may be. */
  readonly secrets: readonly string[];
  readonly variables: readonly string[];
  /** The repository of this run: owner/name. */
  readonly repository: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly annotate: (annotation: Annotation) => void;
}

/** What the inputs say about these ports. */
export interface StackOptions {
  readonly backendConfig: readonly string[];
  readonly key: string;
  /** Path of the saved plan, from the workspace. */
  readonly savedPlan: string;
}

/** Opens the checkout, Terraform and the saved plan's place for a step. SIGINT and SIGTERM reach Terraform until they are closed. */
export async function openStackPorts(runner: Runner, options: StackOptions): Promise<Opened<StackPorts>> {
  if (options.key !== '') runner.mask(options.key);
  const { temp, all } = runner.environment;
  const scratch = await openScratch(temp, 'terraform');
  const interruption = listenForInterruption();
  const close = async (): Promise<void> => {
    interruption.close();
    await scratch.remove();
  };
  try {
    const source = await openSourceTree(createExec(withoutRepository(all)), runner.environment.workspace);
    return { ports: createPorts(runner, options, source, scratch, interruption.signal), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createPorts(
  runner: Runner,
  { backendConfig, key, savedPlan }: StackOptions,
  source: SourceTree,
  scratch: Scratch,
  interruption: AbortSignal,
): StackPorts {
  const { workspace: checkout, all: environment, repository } = runner.environment;
  const secrets = [...listEnvironmentSecrets(environment, backendConfig), ...(key === '' ? [] : [key])];
  const clock = systemClock;
  return {
    source,
    exec: createExec(withoutRepository(environment)),
    checkout,
    dataDir: environment['TF_DATA_DIR'] || '.terraform',
    openTerraform: ({ binary, folder }) =>
      openCli({ binary, folder: resolve(checkout, folder), environment, scratch, interruption, clock, secrets }),
    folder: scratch.folder,
    store: openFileStore(resolve(checkout, savedPlan)),
    write: async (path, content) => {
      const file = join(checkout, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { mode: 0o600 });
    },
    secrets,
    variables: listVariableValues(environment),
    repository,
    clock,
    log: runner.log,
    annotate: runner.annotate,
  };
}
