import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';
import type { Ports } from '../src/ports.ts';

let world: World;
let pull: PullRecord;

beforeAll(async () => {
  world = await openWorld();
  pull = await world.openPull('race');
});

afterEach(() => expect(world.rest.violations).toEqual([]));

afterAll(() => world.close());

/** Lets one request of several runs through at a time, chosen by a seed: each seed is one interleaving. */
function createSchedule(seed: number, runs: number): { around: (ports: Ports) => Ports; leave: () => void } {
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const waiting: (() => void)[] = [];
  let [present, isBusy] = [runs, false];
  const next = (): void => {
    if (isBusy || waiting.length === 0 || waiting.length < present) return;
    isBusy = true;
    waiting.splice(Math.floor(random() * waiting.length), 1)[0]?.();
  };
  const gate =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        next();
      });
      return call(...args).finally(() => {
        isBusy = false;
        setImmediate(next); // the run that was answered asks its next question first
      });
    };
  const around = (ports: Ports): Ports => ({
    ...ports,
    comments: {
      list: gate(ports.comments.list),
      create: gate(ports.comments.create),
      update: gate(ports.comments.update),
      remove: gate(ports.comments.remove),
      history: gate(ports.comments.history),
    },
    pulls: { ...ports.pulls, read: gate(ports.pulls.read) },
  });
  const leave = (): void => {
    present--;
    next();
  };
  return { around, leave };
}

const SEEDS = Array.from({ length: 20 }, (_value, index) => index + 1);

describe('two runs at once leave one comment with the newer text', () => {
  const race = async (seed: number, isThere: boolean): Promise<string[]> => {
    world.forget();
    if (isThere) await world.comment({ pull, body: 'Before.', run: 1 });
    const { around, leave } = createSchedule(seed, 2);
    const token = world.tokenOf({ 'pull-requests': 'write' });
    const runs = [2, 3].map((run) =>
      world.comment({ pull, body: `Of run ${run}.`, run, token, around }).finally(leave),
    );
    const [older, newer] = await Promise.all(runs);
    expect([older?.error, newer?.error]).toEqual([undefined, undefined]);
    expect(['created', 'updated']).toContain(newer?.outputs['outcome']);
    return world.commentsOf(pull).map(({ body }) => body.split('\n')[1] ?? '');
  };

  test.each(SEEDS.slice(0, 8))('where there is none yet: interleaving %i', async (seed) => {
    expect(await race(seed, false)).toEqual(['Of run 3.']);
  });

  test('where the older one’s answer is lost after it overwrote the newer text', async () => {
    world.forget();
    await world.comment({ pull, body: 'Before.', run: 1 });
    let isFirst = true;
    const older = await world.comment({
      ...{ pull, body: 'Of run 2.', run: 2 },
      around: (ports) => ({
        ...ports,
        comments: {
          ...ports.comments,
          update: async (...args) => {
            if (isFirst) {
              await world.comment({ pull, body: 'Of run 3.', run: 3 });
              world.faults.inject('issues/update-comment', { kind: 'lost-reply' });
            }
            isFirst = false;
            return ports.comments.update(...args);
          },
        },
      }),
    });
    expect(older).toMatchObject({ error: undefined, outputs: { outcome: 'outdated' } });
    expect(world.commentsOf(pull).map(({ body }) => body.split('\n')[1])).toEqual(['Of run 3.']);
  });

  test.each(SEEDS)('where there is one: interleaving %i', async (seed) => {
    expect(await race(seed, true)).toEqual(['Of run 3.']);
  });
});
