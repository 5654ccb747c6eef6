import { ECRClient } from '@aws-sdk/client-ecr';
import type { Runner } from '#core/action/runner.ts';
import type { Config } from '#core/config/config.ts';
import { readConfigAt } from '#core/config/read.ts';
import { basicCredentials, readOriginUrl } from '#core/git/remote.ts';
import type { Git } from '#core/git/repository.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { openEcrRegistry } from '#core/registry/ecr.ts';
import { createEcrImages } from '#core/registry/ecr-images.ts';
import type { RegistryLocation } from '#core/registry/registry.ts';
import type { RepositoryImages } from '#core/registry/repository-images.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { openScratch } from '#core/system/scratch.ts';
import type { CommitSha } from '#core/values/reference.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports {
  /** The branch's newest commit with its tree. */
  readonly git: Git;
  /** An empty repository of its own for commits without trees. */
  readonly commits: Git;
  /** Reads slipway.yaml at a commit that `git` has. */
  readonly readConfig: (commit: CommitSha) => Promise<Config>;
  readonly openImages: (registry: Extract<RegistryLocation, { type: 'ecr' }>) => Promise<RepositoryImages>;
  readonly now: () => Date;
  readonly log: Log;
}

/** This action's ports on a real runner, and what takes their folders away again. */
export interface OpenedPorts {
  readonly ports: Ports;
  close(): Promise<void>;
}

/** Opens two bare repositories of our own beside the checkout, and ECR when slipway.yaml names it. */
export async function openPorts(runner: Runner, inputs: Inputs): Promise<OpenedPorts> {
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
    const ports: Ports = {
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
    return { ports, close: scratch.remove };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
