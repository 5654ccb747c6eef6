import { describeError } from '#core/values/errors.ts';
import { isServing } from '#lab/cluster/serving.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import type { Progress } from '#lab/supervisor/progress.ts';
import type { World } from '#lab/world.ts';

/** What {@link deployTenant} uses of a world. */
export type DeployWorld = Pick<World, 'push' | 'settled' | 'releases' | 'until' | 'environments' | 'delivery'>;

/**
 * Pushes the tenant and waits until it runs: a person who pushes while the first deploy is under way would have to pull
 * first. Returns why it failed; the lab stays up all the same, so that they can look and push a fix.
 */
export async function deployTenant(world: DeployWorld, progress: Progress): Promise<string | undefined> {
  try {
    await progress.step('Deploy the tenant', async () => {
      const { runs } = await world.push({ files: {}, message: 'The tenant' });
      await world.settled();
      const failed = runs.find((run) => run.conclusion !== 'success');
      if (runs.length === 0) throw new Error('the push started no run: does .github/workflows/deploy.yml exist?');
      if (failed !== undefined) throw new Error(describeFailure(failed));
      await untilServed(world);
    });
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

async function untilServed({ delivery, environments, releases, until }: DeployWorld): Promise<void> {
  if (delivery === undefined) return;
  const landed = await releases();
  const isUp = async (): Promise<true | undefined> =>
    (await isServing(delivery.cluster, environments, landed)) ? true : undefined;
  await until('the pods run', isUp, 240_000);
}
