import type { Runner } from '#core/action/runner.ts';
import { withoutRepository } from '#core/git/environment.ts';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import { openRegistry } from '#core/registry/open.ts';
import type { PushRegistry, Registry } from '#core/registry/registry.ts';
import type { InputSettings } from '#core/source/image-inputs.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import type { Clock } from '#core/system/clock.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { openScratch, type Scratch } from '#core/system/scratch.ts';
import { removeLeftovers } from './engine/leftovers.ts';
import { isDeadMark, ownMark } from './engine/mark.ts';
import { toolEnvironment } from './engine/packer.ts';
import type { Inputs } from './inputs.ts';
import { readImageSettings } from './settings.ts';

/** What this action needs from the world. */
export interface Ports {
  /** Programs with the step's own environment: git. */
  readonly exec: Exec;
  /** Programs with the environment of {@link toolEnvironment}: Packer and Docker. */
  readonly toolExec: Exec;
  readonly checkout: string;
  /** Reads an image's settings and the registry from slipway.yaml at the source commit. */
  readonly readSettings: (source: SourceTree, inputs: Inputs) => Promise<Settings>;
  /** The registry of a base image, by its host. */
  readonly openHost: (host: string) => Registry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly openScratch: () => Promise<Scratch>;
  /** Marks what this process has in the Docker engine, see engine/mark.ts. */
  readonly mark: string;
  /** Page of the repository. */
  readonly repositoryUrl: string;
  /** Unique to this attempt of the workflow run. */
  readonly attempt: string;
}

/** What slipway.yaml says, and the registry that it names: logging in there takes as long as all of git's answers. */
export interface Settings {
  readonly image: InputSettings;
  readonly registry: Promise<PushRegistry>;
}

/** Returns this action's ports on a real runner. */
export function openPorts(runner: Runner): Ports {
  const { all, temp, workspace, serverUrl, repository } = runner.environment;
  const registryDeps = { clock: systemClock, environment: all, mask: runner.mask, say: runner.log.info };
  const toolExec = createExec(toolEnvironment(all));
  return {
    exec: createExec(withoutRepository(all)),
    toolExec,
    checkout: workspace,
    readSettings: async (source, inputs) => {
      const { image, location } = await readImageSettings(source, inputs);
      return { image, registry: openRegistry(location, registryDeps) };
    },
    openHost: (host) => openOciRegistry(host, registryDeps),
    clock: systemClock,
    random: Math.random,
    log: runner.log,
    openScratch: async () => {
      const [scratch] = await Promise.all([
        openScratch(temp, 'build-image'),
        removeLeftovers({ exec: toolExec, clock: systemClock }, isDeadMark),
      ]);
      return scratch;
    },
    mark: ownMark(),
    repositoryUrl: `${serverUrl}/${repository}`,
    attempt: `r${all['GITHUB_RUN_ID'] ?? '0'}-${all['GITHUB_RUN_ATTEMPT'] ?? '1'}`,
  };
}
