import { describe, expect, test } from '@jest/globals';
import type { Binding } from '#core/release/state.ts';
import {
  commitOf,
  decidedOf,
  deploy,
  digestOf,
  heldAs,
  hold,
  holdsAfter,
  imagesOf,
  lift,
  NOW,
  promotion,
  read,
  refusalOf,
  rollback,
  run,
  stateOf,
} from './state-builder.ts';

const freeze: Binding = {
  kind: 'freeze',
  by: 'slipway.yaml',
  reason: 'the weekend',
  since: new Date('2026-01-02T00:00:00Z'),
  until: new Date('2026-01-05T00:00:00Z'),
};
const hand: Binding = {
  kind: 'manual',
  reason: 'Revert "bad"',
  by: 'A Person',
  since: NOW,
  until: undefined,
  commit: commitOf(77),
};
const current = digestOf('e');

describe('a release', () => {
  const held = stateOf({
    staging: {
      images: { a: { source: 3 }, b: { source: 3 } },
      holds: [heldAs('a'), heldAs('a', { kind: 'rollback' }), heldAs('b')],
    },
  });

  test('of one image ends all that holds it, and lands what waits', () => {
    const batch = run(held, lift(1, 'a', { a: [6, 'd'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 landed'], moves: ['staging/a d from 6'] });
    expect(holdsAfter(held, batch).map(({ image }) => image)).toEqual(['b']);
    expect(decidedOf(batch, 1)?.holds).toEqual([
      { environment: 'staging', image: 'a', action: 'release', kind: 'manual' },
      { environment: 'staging', image: 'a', action: 'release', kind: 'rollback' },
    ]);
    expect(batch.releases[0]).toMatchObject({ kind: 'deploy', reason: 'it is fine' });
  });

  test('of the environment ends everything', () => {
    const batch = run(held, lift(1, '*', { a: [6, 'd'], b: [2, 'c'] }));
    expect(read(batch).moves).toEqual(['staging/a d from 6']);
    expect(imagesOf(batch, 1)).toEqual(['staging/a landed', 'staging/b superseded']);
    expect(holdsAfter(held, batch)).toEqual([]);
  });

  test('with nothing held and nothing waiting says so', () => {
    const batch = run(stateOf({ staging: { images: { a: { source: 3 } } } }), lift(1, 'a', { a: [3, 'a'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 unchanged'], moves: [] });
    expect(batch.holds.size).toBe(0);
  });

  test('comes before the deploys of its commit: what it lets go lands', () => {
    const batch = run(held, deploy(1, { a: [7, 'c'] }), lift(2, 'a'));
    expect(read(batch)).toEqual({ outcomes: ['2 landed', '1 landed'], moves: ['staging/a c from 7'] });
  });

  test('of one image under a hold of the whole environment is refused', () => {
    const state = stateOf({ staging: { images: { a: { source: 3 } }, holds: [heldAs('*'), heldAs('a')] } });
    const batch = run(state, lift(1, 'a', { a: [6, 'd'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 refused'], moves: [] });
    expect(refusalOf(batch, 1)).toBe(
      'image: staging/a is held with the whole environment (manual, by hubot since 2026-01-01 00:00 UTC: careful); release the environment, without an image',
    );
    expect(batch.holds.size).toBe(0);
  });

  test('of a hold that this commit sets waits: the file would say neither, and its writer would set it again', () => {
    const batch = run(stateOf({ staging: { images: { a: { source: 3 } } } }), hold(1, 'a'), lift(2, '*'));
    expect(read(batch).outcomes).toEqual(['1 landed', '2 waits']);
  });

  test('that has one refused build ends no hold', () => {
    const batch = run(held, lift(1, '*', { a: [6, 'd'], b: [901, 'd'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 refused'], moves: [] });
    expect(batch.holds.size).toBe(0);
  });

  test('does not land an image that was not asked for, or that no overlay uses', () => {
    const state = stateOf({
      staging: { images: { a: { source: 3 }, b: { source: 3 }, c: { isUsed: false } }, holds: [heldAs('a')] },
    });
    expect(read(run(state, lift(1, 'a', { a: [6, 'd'], b: [6, 'd'] }))).moves).toEqual(['staging/a d from 6']);
    expect(read(run(state, lift(1, '*', { c: [6, 'd'] }))).moves).toEqual([]);
  });

  test.each([
    ['production', 'on-promotion'],
    ['canary', 'by-hand'],
  ])('in %s (%s) only lets go', (environment) => {
    const state = stateOf({ [environment]: { images: { a: { source: 3 } }, holds: [heldAs('a')] } });
    const batch = run(state, lift(1, 'a', { a: [6, 'd'] }, { environment }));
    expect(read(batch)).toEqual({ outcomes: ['1 landed'], moves: [] });
    expect(holdsAfter(state, batch, environment)).toEqual([]);
  });

  test('during a freeze deploys, and the freeze stays', () => {
    const state = stateOf({ staging: { images: { a: { source: 3 }, b: { source: 3 } }, freeze } });
    const batch = run(state, deploy(1, { a: [7, 'c'], b: [7, 'c'] }), lift(2, 'a', { a: [6, 'd'] }));
    expect(read(batch)).toEqual({ outcomes: ['2 landed', '1 held'], moves: ['staging/a d from 6'] });
    expect(decidedOf(batch, 1)?.images.map(({ hold: binding }) => binding)).toEqual([freeze, freeze]);
  });
});

describe('a change by hand', () => {
  const state = stateOf({
    staging: { images: { a: { source: 5, hand, current }, b: { source: 5, digest: 'b' } } },
  });

  test('holds its image, and no other', () => {
    const batch = run(state, deploy(1, { a: [7, 'c'], b: [7, 'c'] }));
    expect(read(batch).moves).toEqual(['staging/b c from 7']);
    expect(decidedOf(batch, 1)?.images[0]).toMatchObject({ outcome: 'held', hold: hand });
  });

  test('ends when what waits lands', () => {
    const batch = run(state, lift(1, 'a', { a: [6, 'c'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 landed'], moves: ['staging/a c from 6'] });
    expect(batch.releases[0]?.from).toBe(current);
    expect(holdsAfter(state, batch)).toEqual([]);
    expect(decidedOf(batch, 1)?.holds).toEqual([]);
  });

  test.each([
    ['nothing waits: the release knows the source', {}, 5],
    ['what waits is older', { a: [4, 'c'] }, 5],
    ['the hand wrote the very build that waits', { a: [6, 'e'] }, 6],
  ] as const)('that stays is accepted in writing, with digest and source: %s', (_name, builds, source) => {
    const batch = run(state, lift(1, 'a', builds));
    expect(read(batch)).toEqual({ outcomes: ['1 landed'], moves: [] });
    expect(holdsAfter(state, batch)).toEqual([
      {
        image: 'a',
        kind: 'accepted',
        reason: 'it is fine',
        by: 'octocat',
        since: NOW,
        until: undefined,
        digest: current,
        source: commitOf(source),
      },
    ]);
    expect(decidedOf(batch, 1)?.holds).toEqual([
      { environment: 'staging', image: 'a', action: 'release', kind: 'manual' },
    ]);
  });

  test('that is accepted takes the place of the one that was accepted before', () => {
    const old = heldAs('a', { kind: 'accepted', digest: digestOf('f') });
    const twice = stateOf({ staging: { images: { a: { source: 5, hand, current } }, holds: [old, heldAs('a')] } });
    expect(holdsAfter(twice, run(twice, lift(1, 'a'))).map(({ digest }) => digest)).toEqual([current]);
  });

  test('where images are promoted is accepted as well', () => {
    const later = stateOf({ production: { images: { a: { source: 5, hand, current } } } });
    const batch = run(later, lift(1, 'a', { a: [9, 'c'] }, { environment: 'production' }));
    expect(holdsAfter(later, batch, 'production').map(({ kind, digest }) => [kind, digest])).toEqual([
      ['accepted', current],
    ]);
  });

  test('that is accepted no longer holds what comes behind it in this commit', () => {
    const batch = run(state, lift(1, 'a'), deploy(2, { a: [7, 'c'] }), deploy(3, { a: [4, 'd'] }));
    expect(read(batch)).toEqual({
      outcomes: ['1 landed', '2 landed', '3 superseded'],
      moves: ['staging/a c from 7'],
    });
    expect(holdsAfter(state, batch)).toEqual([]);
    expect(batch.releases[0]?.from).toBe(current);
  });

  test('that left no digest cannot be accepted: the remedy is named, and a build that waits still lands', () => {
    const tagged = stateOf({ staging: { images: { a: { source: 5, hand, current: undefined } } } });
    const batch = run(tagged, lift(1, 'a'));
    expect(refusalOf(batch, 1)).toBe(
      'image: staging/a has no digest (changed by hand in 0000000, by A Person since 2026-01-02 12:00 UTC: Revert "bad"), and no build takes its place; revert 0000000, or write a digest into the overlay',
    );
    expect(read(run(tagged, lift(1, 'a', { a: [5, 'a'] }))).moves).toEqual(['staging/a a from 5']);
  });
});

describe('a promotion', () => {
  const before = { a: { source: 6, digest: 'c' } };
  const images = { a: { source: 3, digest: 'a' } };

  test('lands what the environment before runs', () => {
    const batch = run(stateOf({ staging: { images: before }, production: { images } }), promotion(1, { a: [6, 'c'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 landed'], moves: ['production/a c from 6'] });
    expect(batch.releases[0]).toMatchObject({ kind: 'promotion', reason: 'it is good' });
  });

  test('of an older build is superseded', () => {
    const state = stateOf({ staging: { images: before }, production: { images: { a: { source: 7 } } } });
    expect(read(run(state, promotion(1, { a: [6, 'c'] }))).outcomes).toEqual(['1 superseded']);
  });

  test.each([
    ['what is held', {}, { holds: [heldAs('a')] }, 'production/a is held (manual, by hubot'],
    ['what is held with its environment', {}, { holds: [heldAs('*')] }, 'production/a is held'],
    ['what is frozen', {}, { freeze }, 'until 2026-01-05 00:00 UTC: the weekend'],
    [
      'what a hand changed there',
      {},
      { images: { a: { source: 3, hand, current } } },
      'production/a is held (changed by',
    ],
    [
      'what a hand changed in the environment before',
      { images: { a: { ...before.a, hand } } },
      {},
      'staging/a was not landed by this pipeline',
    ],
    ['what has moved on', { images: { a: { source: 8, digest: 'd' } } }, {}, `staging/a is at ${digestOf('d')} by now`],
    ['what nothing released', { images: { a: { current: digestOf('c') } } }, {}, 'and no longer at'],
  ])('of %s is refused', (_name, staging, production, sentence) => {
    const state = stateOf({ staging: { images: before, ...staging }, production: { images, ...production } });
    const batch = run(state, promotion(1, { a: [6, 'c'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 refused'], moves: [] });
    expect(refusalOf(batch, 1)).toContain(sentence);
  });

  test('of what this very commit takes back is refused', () => {
    const state = stateOf({ staging: { images: before }, production: { images } });
    const batch = run(state, rollback(1, { a: [3, 'a'] }), promotion(2, { a: [6, 'c'] }));
    expect(read(batch).outcomes).toEqual(['1 landed', '2 refused']);
  });
});
