import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { LandResult } from '#core/release/land.ts';
import { createRandom } from '#tests/support/random.ts';
import { type Change, expectWon, meetAt, openRace, POINTS, type Point, type Race } from './races.ts';

/** SLIPWAY_INTERLEAVINGS=100 runs all named interleavings, and 100 random ones; CI takes ten of them. */
const RUNS = Number(process.env['SLIPWAY_INTERLEAVINGS'] ?? (process.env['CI'] === 'true' ? 10 : 20));

jest.setTimeout(60_000);

let race: Race;

beforeAll(async () => {
  race = await openRace();
});

beforeEach(() => race.reset());

afterAll(() => race.close());

/** Who is interrupted, where, by the other one that runs to its end there or only begins. */
interface Meeting {
  readonly first: 'rollback' | 'bump';
  readonly way: 'refless' | 'published';
  readonly point: Point;
  readonly rival: 'ends' | 'begins';
  readonly build: 'newest' | 'bad';
}

const MEETINGS: readonly Meeting[] = (['newest', 'bad'] as const).flatMap((build) =>
  (['rollback', 'bump'] as const).flatMap((first) =>
    (['refless', 'published'] as const).flatMap((way) =>
      POINTS.filter((point) => way === 'published' || point !== 'after publish').flatMap((point) =>
        (['ends', 'begins'] as const).map((rival) => ({ first, way, point, rival, build })),
      ),
    ),
  ),
);

async function meet({ first, way, point, rival, build }: Meeting): Promise<[rolled: LandResult, bumped: LandResult]> {
  const run = (who: Meeting['first'], change?: Change) =>
    who === 'rollback' ? race.roll(change) : race.bump(build, change);
  const other = first === 'rollback' ? 'bump' : 'rollback';
  let second: Promise<LandResult> | undefined;
  const change = meetAt(point, way === 'refless', async () => {
    second = run(other);
    if (rival === 'ends') await second;
  });
  const one = await run(first, change);
  if (first === 'rollback' || build === 'newest') expect(second).toBeDefined();
  const two = await (second ?? run(other)); // a bump that finds nothing to do has no later points
  return first === 'rollback' ? [one, two] : [two, one];
}

describe('a rollback wins against a bump', () => {
  test('the named interleavings are a hundred', () => expect(MEETINGS.length).toBeGreaterThanOrEqual(100));

  test.each(MEETINGS.filter(({ build }) => RUNS >= 100 || build === 'newest'))(
    '$first $way, met $point by the other that $rival, $build build',
    async (meeting) => {
      const [rolled, bumped] = await meet(meeting);
      expectWon(race, rolled, bumped);
    },
  );

  test.each(Array.from({ length: RUNS }, (_, seed) => seed))('at random, seed %i', async (seed) => {
    const random = createRandom(seed);
    const bumped = pause(random).then(() => race.bump(random() < 0.7 ? 'newest' : 'bad', jolt(random)));
    const rolled = pause(random).then(() => race.roll(jolt(random)));
    expectWon(race, await rolled, await bumped);
  });
});

/** Every step of the writer takes its time, some answers get lost, and a person may be faster. */
function jolt(random: () => number): Change {
  return (ports) => {
    const { git, transport } = ports;
    const reads: Pick<typeof git, 'fetch' | 'lsRefs'> = {
      fetch: (what) => pause(random).then(() => git.fetch(what)),
      lsRefs: (refs) => pause(random).then(() => git.lsRefs(refs)),
    };
    const update: typeof transport.update = async (updates) => {
      await pause(random);
      const pushed = await transport.update(updates);
      const isLost = pushed.outcome === 'pushed' && random() < 0.2;
      await pause(random);
      return isLost ? { outcome: 'unclear', reason: 'the connection was reset' } : pushed;
    };
    return { ...ports, random, git: { ...git, ...reads }, transport: { ...transport, update } };
  };
}

const pause = (random: () => number) => new Promise((resolve) => setTimeout(resolve, random() * 120));
