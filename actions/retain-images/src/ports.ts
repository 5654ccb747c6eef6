import { ECRClient } from '@aws-sdk/client-ecr';
import { systemClock } from '#core/clock.ts';
import { readConfigAt } from '#core/config/read.ts';
import { createExec } from '#core/exec.ts';
import { basicCredentials, createScratchGit, readOriginUrl } from '#core/git.ts';
import { openEcrRegistry } from '#core/registry/ecr.ts';
import { createEcrImages } from '#core/registry/ecr-images.ts';
import type { Runner } from '#core/runner.ts';
import { openScratch } from '#core/scratch.ts';
import type { Inputs } from './inputs.ts';
import type { Deps } from './run.ts';

/** This action's ports on a real runner, and what takes their folders away again. */
export interface OpenedDeps {
  readonly deps: Deps;
  close(): Promise<void>;
}

/** Opens two bare repositories of our own beside the checkout, and ECR when slipway.yaml names it. */
export async function openDeps(runner: Runner, inputs: Inputs): Promise<OpenedDeps> {
  const { environment } = runner;
  for (const secret of [inputs.token, basicCredentials(inputs.token)]) if (secret !== '') runner.mask(secret);
  const exec = createExec(environment.all);
  const scratch = await openScratch(environment.temp, 'retain-images');
  try {
    const remote = { url: await readOriginUrl(exec, environment.workspace), token: inputs.token };
    const configCount = Number.parseInt(environment.all['GIT_CONFIG_COUNT'] ?? '0', 10) || 0;
    const openGit = async (more: { borrow?: string }) =>
      createScratchGit({ exec, dir: await scratch.folder(), remote, configCount, ...more });
    const [git, commits] = await Promise.all([openGit({ borrow: environment.workspace }), openGit({})]);
    const registryDeps = { environment: environment.all, mask: runner.mask, clock: systemClock };
    const deps: Deps = {
      git,
      commits,
      readConfig: (commit) => readConfigAt(git, commit, inputs.config),
      openImages: async (location) => {
        const client = new ECRClient({ region: location.region, maxAttempts: 5 });
        return createEcrImages({ client, location, registry: await openEcrRegistry(location, registryDeps) });
      },
      now: systemClock.now,
      log: runner.log,
    };
    return { deps, close: scratch.remove };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
