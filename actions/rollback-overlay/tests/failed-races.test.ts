import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { LandResult } from '#core/release/land.ts';
import { listIntents } from '#tests/support/intents.ts';
import { type Change, meetAt, openRace, POINTS, type Point, type Race } from './races.ts';

/** SLIPWAY_INTERLEAVINGS=100 runs all meetings, and CI takes ten of them; else the other one runs to its end where it is met. */
const RUNS = Number(process.env['SLIPWAY_INTERLEAVINGS'] ?? (process.env['CI'] === 'true' ? 10 : 20));

jest.setTimeout(180_000);

let race: Race;

beforeAll(async () => {
  race = await openRace();
});

beforeEach(() => race.reset());

afterAll(() => race.close());

/** The pipeline that takes a release back meets the other, which runs to its end there or only begins. */
interface Meeting {
  readonly other: 'bump' | 'person';
  readonly first: 'pipeline' | 'other';
  readonly way: 'refless' | 'published';
  readonly point: Point;
  readonly rival: 'ends' | 'begins';
}

const MEETINGS: readonly Meeting[] = (['bump', 'person'] as const).flatMap((other) =>
  (['pipeline', 'other'] as const).flatMap((first) =>
    (['refless', 'published'] as const).flatMap((way) =>
      POINTS.filter((point) => way === 'published' || point !== 'after publish').flatMap((point) =>
        (['ends', 'begins'] as const).map((rival) => ({ other, first, way, point, rival })),
      ),
    ),
  ),
);

async function meet({ other, first, way, point, rival }: Meeting): Promise<[taken: LandResult, others: LandResult]> {
  const runOther = (change?: Change) => (other === 'bump' ? race.bump('newest', change) : race.roll(change));
  const run = (isFirst: boolean, change?: Change) =>
    isFirst === (first === 'pipeline') ? race.takeBack(change) : runOther(change);
  let second: Promise<LandResult> | undefined;
  const change = meetAt(point, way === 'refless', async () => {
    second = run(false);
    if (rival === 'ends') await second;
  });
  const one = await run(true, change);
  const two = await (second ?? run(false));
  return first === 'pipeline' ? [one, two] : [two, one];
}

const trailers = () =>
  race.stage.tenant
    .remoteGit('log', '--reverse', '--format=%(trailers:key=Slipway-Release,valueonly)', `${race.start}..main`)
    .split('\n')
    .filter(Boolean)
    .map((text) => /kind=(\w+)/.exec(text)?.[1]);

describe('what the pipeline takes back by itself', () => {
  test('the meetings are a hundred', () => expect(MEETINGS.length).toBeGreaterThanOrEqual(100));

  test.each(MEETINGS.filter(({ rival }) => RUNS >= 100 || rival === 'ends'))(
    '$first first, $way, met $point by the other that $rival: $other',
    async (meeting) => {
      const { stage, newest } = race;
      const [taken, others] = await meet(meeting);
      const now = [stage.read(), stage.read('dev-sandbox')];
      const isTaken = taken.outcome === 'landed';
      if (!isTaken) expect(['unchanged', 'superseded', 'held']).toContain(taken.outcome);
      if (meeting.other === 'person') {
        // one of the two landed it, and whoever came second found it done
        expect(now).toEqual([stage.good, stage.good]);
        expect(trailers()).toEqual(['rollback', 'rollback']);
        expect([taken.outcome, others.outcome].filter((outcome) => outcome === 'landed')).toHaveLength(1);
      } else if (isTaken) {
        expect([others.outcome, now]).toEqual(['held', [stage.good, stage.good]]);
        expect(trailers()).toEqual(['rollback', 'rollback']);
      } else {
        // a newer build is never taken back with the one that failed
        expect([others.outcome, now]).toEqual(['landed', [newest, newest]]);
        expect(trailers()).toEqual(['deploy', 'deploy']);
      }
      expect(listIntents(stage.tenant)).toEqual([]);
    },
  );
});
