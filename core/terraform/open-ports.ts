import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { type Opened, openInScratch } from '#core/release/open-ports.ts';
import { openSourceTree, type SourceTree } from '#core/source/source-tree.ts';
import { type Clock, systemClock } from '#core/system/clock.ts';
import type { Exec } from '#core/system/exec.ts';
import { listenForInterruption } from '#core/system/interruption.ts';
import type { Annotation, Log } from '#core/system/log.ts';
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
  const { workspace: checkout, all: environment, repository } = runner.environment;
  const { key, backendConfig, savedPlan } = options;
  if (key !== '') runner.mask(key);
  const secrets = [...listEnvironmentSecrets(environment, backendConfig), ...(key === '' ? [] : [key])];
  const interruption = listenForInterruption();
  const opened = await openInScratch(
    { temp: runner.environment.temp, environment },
    'terraform',
    async (scratch, exec) => {
      const openTerraform = ({ binary, folder }: Stack): TerraformCli => {
        const at = resolve(checkout, folder);
        const clock = systemClock;
        return openCli({ binary, folder: at, environment, scratch, interruption: interruption.signal, clock, secrets });
      };
      return {
        source: await openSourceTree(exec, checkout),
        exec,
        checkout,
        dataDir: environment['TF_DATA_DIR'] || '.terraform',
        openTerraform,
        folder: scratch.folder,
        store: openFileStore(resolve(checkout, savedPlan)),
        write: async (path: string, content: string | Uint8Array) => {
          const file = join(checkout, path);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, content, { mode: 0o600 });
        },
        secrets,
        variables: listVariableValues(environment),
        repository,
        clock: systemClock,
        log: runner.log,
        annotate: runner.annotate,
      };
    },
  );
  return {
    ports: opened.ports,
    close: async () => {
      interruption.close();
      await opened.close();
    },
  };
}
