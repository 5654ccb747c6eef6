import { median } from '#bench/measure.ts';
import { followDeliveries, printStages, type Times } from '#bench/stages.ts';
import { benchVerdict } from '#bench/verdict.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { openTerminal } from '#lab/terminal.ts';
import { openWorld, type World } from '#lab/world.ts';

const RUNS = 5;

const LINE = (text: string) => ({
  files: { 'app/src/log.ts': (before: string) => `${before}\n// ${text}\n` },
  message: text,
});

/** Until the pod before serves again: after a dispatch, a revert, and a line at the terminal while only git is there. */
export async function benchRollback(): Promise<void> {
  await inWorld(async (world, untilServed) => {
    const type = await openTerminal(world);
    const ways: Record<string, () => Promise<void>> = {
      'dispatch of a rollback': async () =>
        void (await world.dispatch('rollback.yml', { environment: 'staging', reason: 'measured' })),
      'git revert and push': () => type.revert('staging'),
      'rollback at the terminal, GitHub down': async () => {
        world.github.isOnlyGit = true;
        await type.slipway('rollback', 'staging', '--steps', '1', '--reason', 'measured', '--yes');
        await type.refresh('staging');
      },
    };
    for (const [way, takeBack] of Object.entries(ways)) {
      const times: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const good = (await world.push(LINE(`${way}: good ${run}`))).sha;
        await untilServed(good);
        await untilServed((await world.push(LINE(`${way}: bad ${run}`))).sha);
        await world.settled();
        const started = performance.now();
        await takeBack();
        await untilServed(good);
        times.push(performance.now() - started);
        world.github.isOnlyGit = false;
        await world.settled();
        await world.dispatch('hold.yml', { environment: 'staging', action: 'release', reason: 'measured' });
        await world.settled();
      }
      report(`${way} → the old pod serves`, times, 10);
    }
  });
}

/** Push of one line of the app until a pod in staging serves it: the median of five on a warm lab, and where it goes. */
export async function benchDelivery(): Promise<void> {
  await inWorld(async (world, _untilServed, delivery) => {
    const { namespace } = findEnvironment(world.environments, 'staging');
    const follower = followDeliveries(world, delivery, namespace);
    try {
      const runs: Times[] = [];
      for (let run = 0; run < RUNS; run++) {
        await world.settled();
        runs.push(await follower.follow(() => world.push(LINE(`run ${run}`))));
      }
      report(
        'push → pod serving it',
        runs.map((times) => times.at(-1) ?? Number.NaN),
        5,
      );
      printStages(runs);
    } finally {
      follower.stop();
    }
  });
}

/** Healthy in the Application until Argo CD's status is on the commit. */
export async function benchVerdicts(): Promise<void> {
  await inWorld((world, _untilServed, delivery) => benchVerdict(world, delivery));
}

function report(what: string, times: readonly number[], limit: number): void {
  const seconds = times.map((time) => (time / 1000).toFixed(1));
  console.log(`${what}: median ${(median(times) / 1000).toFixed(1)} s of ${seconds.join(', ')} s (limit ${limit} s)`);
}

/** Opens a world whose staging serves, and takes it down afterwards. */
async function inWorld(
  work: (world: World, untilServed: (sha: string) => Promise<unknown>, delivery: Delivery) => Promise<void>,
): Promise<void> {
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
    await work(world, untilServed, delivery);
  } finally {
    await world.stop();
  }
}
