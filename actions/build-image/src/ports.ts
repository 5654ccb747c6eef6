import { systemClock } from '#core/clock.ts';
import { createExec } from '#core/exec.ts';
import { openRegistry } from '#core/registry/open.ts';
import { openOciRegistry } from '#core/registry/plain.ts';
import type { Runner } from '#core/runner.ts';
import { openScratch } from '#core/scratch.ts';
import { removeLeftovers } from './leftovers.ts';
import { isDeadMark, ownMark } from './owner.ts';
import { toolEnvironment } from './packer.ts';
import type { Deps } from './run.ts';
import { readImageSettings } from './settings.ts';

/** Returns this action's ports on a real runner. */
export function openDeps(runner: Runner): Deps {
  const { all, temp, workspace, serverUrl, repository } = runner.environment;
  const registryDeps = { clock: systemClock, environment: all, mask: runner.mask };
  const toolExec = createExec(toolEnvironment(all));
  return {
    exec: createExec(all),
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
