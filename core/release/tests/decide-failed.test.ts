import { describe, expect, test } from '@jest/globals';
import type { RollbackIntent } from '#core/release/intent.ts';
import { formatIntent, parseIntent } from '#core/release/intent-file.ts';
import type { State } from '#core/release/state.ts';
import {
  commitOf,
  decidedOf,
  deploy,
  digestOf,
  heldAs,
  hold,
  holdsAfter,
  imagesOf,
  NOW,
  read,
  refusalOf,
  rollback,
  run,
  stateOf,
} from './state-builder.ts';

const images = { a: { source: 3, digest: 'a' }, b: { source: 3, digest: 'b' } };
const state = stateOf({ staging: { images }, edge: {} });
const until = new Date(NOW.getTime() + 60_000);

/** The pipeline takes commit 3 back, which is the newest release of a and b, to the digests of 2. */
function takeBack(id: number, failed: Partial<RollbackIntent['failed']> = {}): RollbackIntent {
  const newest = new Map([
    ['a', commitOf(3)],
    ['b', commitOf(3)],
  ]);
  return rollback(id, { a: [2, 'c'], b: [2, 'd'] }, { failed: { commit: commitOf(3), newest, until, ...failed } });
}

const nothing = (batch: ReturnType<typeof run>) => expect([...batch.releases, ...batch.holds.keys()]).toEqual([]);

describe('a failed release that the pipeline takes back', () => {
  test('goes back in one commit, with its hold', () => {
    const batch = run(state, takeBack(1));
    expect(read(batch)).toEqual({ outcomes: ['1 landed'], moves: ['staging/a c from 2', 'staging/b d from 2'] });
    expect(holdsAfter(state, batch).map(({ image, kind }) => `${image} ${kind}`)).toEqual(['a rollback', 'b rollback']);
  });

  test('goes back once: the second intent finds a newer release', () => {
    const batch = run(state, takeBack(1), takeBack(2));
    expect(read(batch).outcomes).toEqual(['1 landed', '2 superseded']);
  });

  test('stays where an image has a newer release by now', () => {
    const newer = stateOf({ staging: { images: { ...images, b: { source: 4, digest: 'e' } } } });
    const batch = run(newer, takeBack(1));
    expect(decidedOf(batch, 1)).toMatchObject({
      outcome: 'superseded',
      images: [{ image: 'b', outcome: 'superseded', winner: { to: digestOf('e') } }],
    });
    nothing(batch);
  });

  test('stays where a build lands in the same commit, whoever asked first', () => {
    const batch = run(state, takeBack(1), deploy(2, { a: [5, 'f'] }, { environments: ['staging'] }));
    expect(read(batch)).toEqual({ outcomes: ['2 landed', '1 superseded'], moves: ['staging/a f from 5'] });
    expect(holdsAfter(state, batch)).toEqual([]);
  });

  test('stays where a person rolls back in the same commit, whoever asked first', () => {
    const batch = run(state, takeBack(1), rollback(2, { a: [1, 'f'] }));
    expect(read(batch)).toEqual({ outcomes: ['2 landed', '1 superseded'], moves: ['staging/a f from 1'] });
  });

  const hand = {
    kind: 'manual',
    by: 'me',
    since: NOW,
    reason: 'a try',
    until: undefined,
    commit: commitOf(4),
  } as const;
  test.each<[string, State]>([
    ['a hold', stateOf({ staging: { images, holds: [heldAs('b')] } })],
    ['a hold of all', stateOf({ staging: { images, holds: [heldAs('*')] } })],
    ['a freeze', stateOf({ staging: { images, freeze: { ...hand, kind: 'freeze' } } })],
    ['a change by hand', stateOf({ staging: { images: { ...images, b: { ...images.b, hand } } } })],
  ])('is left to people under %s', (_name, held) => {
    const batch = run(held, takeBack(1));
    expect(decidedOf(batch, 1)?.outcome).toBe('held');
    expect(imagesOf(batch, 1)).toContain('staging/b held');
    nothing(batch);
  });

  test('is left to people where a hold is set in the same commit', () => {
    const batch = run(state, takeBack(1), hold(2, 'b'));
    expect(read(batch)).toEqual({ outcomes: ['2 landed', '1 held'], moves: [] });
  });

  test('is refused when its time is over, but not in a pull request, which a person merges', () => {
    const late = takeBack(1, { until: new Date(NOW.getTime() - 1) });
    expect(refusalOf(run(state, late), 1)).toMatch(/not rolled back from 0000000 by itself after .*--to proven/);
    const { environments } = state.config;
    const staging = environments.get('staging');
    if (staging === undefined) throw new Error('no staging');
    const config = {
      ...state.config,
      environments: new Map([['staging', { ...staging, via: 'pull-request' as const }]]),
    };
    expect(read(run({ ...state, config, via: 'pull-request' }, late)).outcomes).toEqual(['1 landed']);
  });

  test('is refused where slipway.yaml asks for it no more', () => {
    const staging = state.config.environments.get('staging');
    if (staging === undefined) throw new Error('no staging');
    const config = {
      ...state.config,
      environments: new Map([['staging', { ...staging, 'on-failure': 'nothing' as const }]]),
    };
    const own = state.environments.get('staging');
    if (own === undefined) throw new Error('no staging');
    expect(refusalOf(run({ ...state, config }, takeBack(1)), 1)).toContain('on-failure: nothing');
  });

  test('is the same after it was an intent in git; one that says it by halves is not read', () => {
    const intent = takeBack(1);
    expect(parseIntent(formatIntent(intent))).toEqual(intent);
    for (const half of [{ commit: '3' }, { until: 'soon' }, { more: 1 }]) {
      const written = JSON.parse(formatIntent(intent));
      expect(parseIntent(JSON.stringify({ ...written, failed: { ...written.failed, ...half } }))).toBeUndefined();
    }
    expect(parseIntent(formatIntent(rollback(1, { a: [2, 'c'] })))).not.toHaveProperty('failed');
  });
});
