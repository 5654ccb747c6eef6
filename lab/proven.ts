import { z } from 'zod';
import type { World } from '#lab/world.ts';

const record = z.object({ intent: z.string() });

/**
 * Resolves when the newest release of every image of an environment was seen running, by GitHub's record. At once without
 * a cluster: no one reports there.
 */
export async function untilProven(world: World, environment: string): Promise<void> {
  if (world.delivery === undefined) return;
  const releases = (await world.releases()).filter((release) => release.environment === environment).reverse();
  const newest = new Map(releases.map((release) => [release.image, release.intent]));
  const isProven = (intent: string): boolean =>
    world.github.rest.deployments.some(
      ({ payload, statuses }) =>
        record.safeParse(payload).data?.intent === intent && statuses.at(-1)?.state === 'success',
    );
  await world.until(
    `what ${environment} has is seen running`,
    () => ([...newest.values()].every(isProven) ? true : undefined),
    240_000,
  );
}
