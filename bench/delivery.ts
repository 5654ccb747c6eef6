import { median } from '#bench/measure.ts';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { openWorld } from '#lab/world.ts';

const RUNS = 5;

/** Push of one line of the app until a pod in staging serves it: the median of five on a warm lab. */
export async function benchDelivery(): Promise<void> {
  const world = await openWorld(lineProgress(console.log), { cluster: true });
  try {
    const { delivery } = world;
    if (delivery === undefined) throw new Error('the world has no cluster');
    const { namespace } = findEnvironment(world.environments, 'staging');
    const untilServed = (sha: string) =>
      world.until(
        `staging serves ${sha}`,
        async () => ((await readServedSource(delivery.cluster, namespace)) === sha ? true : undefined),
        120_000,
      );
    await untilServed((await world.push({ files: {}, message: 'The tenant' })).sha);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      await world.settled();
      const started = performance.now();
      const change = { 'app/src/log.ts': (before: string) => `${before}\n// run ${run}\n` };
      await untilServed((await world.push({ files: change, message: `change ${run}` })).sha);
      times.push(performance.now() - started);
    }
    const seconds = times.map((time) => (time / 1000).toFixed(1));
    console.log(
      `push → pod serving it: median ${(median(times) / 1000).toFixed(1)} s of ${seconds.join(', ')} s (limit 20 s)`,
    );
  } finally {
    await world.stop();
  }
}
