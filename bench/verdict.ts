import { z } from 'zod';
import { median } from '#bench/measure.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import type { World } from '#lab/world.ts';

const RUNS = 5;
const LIMIT_S = 5;

const application = z.looseObject({
  status: z.looseObject({
    health: z.looseObject({ lastTransitionTime: z.coerce.date() }),
    operationState: z.looseObject({
      finishedAt: z.coerce.date(),
      syncResult: z.looseObject({ revision: z.string() }),
    }),
  }),
});

/**
 * From the second in which the Application became Healthy after its sync (Argo CD writes whole seconds, so that up to one
 * too many is counted) to Argo CD's status on the commit that was synced: the median of five on a warm lab.
 */
export async function benchVerdict(world: World, delivery: Delivery): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await world.settled();
    const before = world.github.rest.statuses.length;
    await world.push({
      files: { 'app/src/log.ts': (text: string) => `${text}\n// verdict ${run}\n` },
      message: `verdict ${run}`,
    });
    const isProof = ({ id, context, state }: World['github']['rest']['statuses'][number]): boolean =>
      id > before && context === 'argocd/staging' && state === 'success';
    const written = await world.until(
      'staging is said to run',
      () => world.github.rest.statuses.find(isProof),
      180_000,
    );
    const asked = ['get', 'application', '-n', 'argocd', 'staging', '-o', 'json'] as const;
    const { status } = application.parse(JSON.parse(await delivery.cluster.kubectl(asked)));
    if (status.operationState.syncResult.revision !== written.sha) throw new Error('staging has moved on meanwhile');
    const healthy = Math.max(status.health.lastTransitionTime.getTime(), status.operationState.finishedAt.getTime());
    times.push(written.createdAt.getTime() - healthy);
  }
  const seconds = times.map((time) => (time / 1000).toFixed(1));
  console.log(
    `Healthy → status on the synced commit: median ${(median(times) / 1000).toFixed(1)} s of ${seconds.join(', ')} s (limit ${LIMIT_S} s)`,
  );
}
