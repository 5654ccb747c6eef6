import { ECRClient } from '@aws-sdk/client-ecr';
import type { Runner } from '#core/action/runner.ts';
import { createEcrApi } from '#core/registry/ecr.ts';
import { createEcrImages } from '#core/registry/ecr-images.ts';
import { openEcrRegistry } from '#core/registry/ecr-registry.ts';
import type { RegistryLocation } from '#core/registry/registry.ts';
import type { RepositoryImages } from '#core/registry/repository-images.ts';
import {
  type BranchPorts,
  type Opened,
  openBranchPorts,
  openInScratch,
  openProposing,
  workplaceOf,
} from '#core/release/open-ports.ts';
import { systemClock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends BranchPorts {
  readonly openImages: (registry: Extract<RegistryLocation, { type: 'ecr' }>) => Promise<RepositoryImages>;
  readonly now: () => Date;
  readonly log: Log;
}

/** Opens the branch, and ECR when slipway.yaml names it. */
export function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  const place = workplaceOf(runner, inputs.token);
  return openInScratch(place, 'retain-images', async (scratch, exec) => {
    const branch = await openBranchPorts(place, inputs.config, scratch, exec, openProposing(runner, inputs));
    const registryDeps = { environment: runner.environment.all, mask: runner.mask, clock: systemClock };
    return {
      ...branch,
      openImages: async (location) => {
        const client = new ECRClient({ region: location.region, maxAttempts: 5 });
        const ecr = createEcrApi(location, registryDeps.environment);
        return createEcrImages({ client, location, registry: await openEcrRegistry(ecr, location, registryDeps) });
      },
      now: systemClock.now,
      log: runner.log,
    };
  });
}
