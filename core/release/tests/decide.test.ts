import { describe, expect, test } from '@jest/globals';
import { decide } from '#core/release/decide.ts';
import type { Binding } from '#core/release/state.ts';
import {
  byNumber,
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
  ulidOf,
} from './state-builder.ts';

const staging = stateOf({ staging: { images: { a: { source: 3, digest: 'a' }, b: { source: 3, digest: 'b' } } } });

describe('several at once', () => {
  test('people come before deploys, in the order in which they asked', () => {
    const batch = run(
      staging,
      deploy(1, { a: [5, 'c'] }),
      rollback(3, { a: [2, 'e'] }),
      rollback(2, { b: [2, 'd'] }),
      deploy(4, { b: [5, 'c'] }),
    );
    expect(read(batch)).toEqual({
      outcomes: ['2 landed', '3 landed', '1 held', '4 held'],
      moves: ['staging/b d from 2', 'staging/a e from 2'],
    });
    expect(decidedOf(batch, 1)?.images[0]?.hold).toMatchObject({ kind: 'rollback', reason: 'it answers 500' });
  });

  test('of several deploys the newest lands, whatever came first, and supersedes the others in this very commit', () => {
    const batch = run(staging, deploy(1, { a: [4, 'c'] }), deploy(2, { a: [6, 'e'] }), deploy(3, { a: [5, 'd'] }));
    expect(read(batch)).toEqual({
      outcomes: ['2 landed', '3 superseded', '1 superseded'],
      moves: ['staging/a e from 6'],
    });
    const [image] = decidedOf(batch, 3)?.images ?? [];
    expect(image?.winner).toMatchObject({ to: digestOf('e'), source: commitOf(6), commit: undefined });
    expect(batch.releases).toEqual([
      {
        environment: 'staging',
        image: 'a',
        from: digestOf('a'),
        to: digestOf('e'),
        source: commitOf(6),
        kind: 'deploy',
        intent: ulidOf(2),
        run: 'https://github.example/runs/2',
        actor: 'octocat',
      },
    ]);
  });

  test('an older deploy lands the images that the newest does not have', () => {
    const batch = run(staging, deploy(1, { a: [4, 'c'], b: [4, 'c'] }), deploy(2, { a: [6, 'e'] }));
    expect(read(batch).moves).toEqual(['staging/a e from 6', 'staging/b c from 4']);
    expect(imagesOf(batch, 1)).toEqual(['staging/a superseded', 'staging/b landed']);
    expect(decidedOf(batch, 1)?.outcome).toBe('landed');
  });

  test('an image moves once in a commit: the second waits, and what is behind it at the same image waits with it', () => {
    const batch = run(
      staging,
      rollback(1, { a: [2, 'c'] }),
      rollback(2, { a: [1, 'd'], b: [1, 'd'] }),
      rollback(3, { b: [2, 'e'] }),
      deploy(4, { b: [7, 'f'] }),
    );
    expect(read(batch)).toEqual({
      outcomes: ['1 landed', '2 waits', '3 waits', '4 waits'],
      moves: ['staging/a c from 2'],
    });
    expect(holdsAfter(staging, batch).map(({ image }) => image)).toEqual(['a']);
  });

  test('a hold that is asked for behind a release that waits is not let go by it', () => {
    const state = stateOf({ staging: { images: { a: { source: 3 }, b: { source: 3 } }, holds: [heldAs('a')] } });
    const behind = [lift(2, 'a', { a: [6, 'd'] }), hold(3, 'a', { reason: 'not yet' }), hold(4, 'b')];
    const batch = run(state, rollback(1, { a: [2, 'c'] }), ...behind);
    expect(read(batch).outcomes).toEqual(['1 landed', '2 waits', '3 waits', '4 landed']);
    expect(
      read(run(state, rollback(1, { a: [2, 'c'] }), lift(2, 'a', { a: [6, 'd'] }), hold(5, '*'))).outcomes,
    ).toEqual(['1 landed', '2 waits', '5 waits']);
  });

  test('a promotion waits behind a rollback that waits for the environment before', () => {
    const state = stateOf({
      staging: { images: { a: { source: 3, digest: 'a' } } },
      production: { images: { a: { source: 1, digest: 'f' } } },
    });
    const batch = run(state, rollback(1, { a: [2, 'c'] }), rollback(2, { a: [1, 'd'] }), promotion(3, { a: [2, 'c'] }));
    expect(read(batch).outcomes).toEqual(['1 landed', '2 waits', '3 waits']);
  });

  test('two builds of one source: one in this commit, one in the next', () => {
    const batch = run(staging, deploy(1, { a: [4, 'c'] }), deploy(2, { a: [4, 'd'] }));
    expect(read(batch).outcomes).toEqual(['1 landed', '2 waits']);
  });

  test('the same build twice lands once', () => {
    const batch = run(staging, deploy(1, { a: [4, 'c'] }), deploy(2, { a: [4, 'c'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 landed', '2 unchanged'], moves: ['staging/a c from 4'] });
  });
});

describe('all of an intent, or nothing', () => {
  test('one image that is not on the branch refuses the others', () => {
    const batch = run(staging, deploy(1, { a: [4, 'c'], b: [901, 'c'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 refused'], moves: [] });
    expect(refusalOf(batch, 1)).toMatch(/^source-sha: 0{37}901 is not on the branch/);
    expect([...batch.holds.keys()]).toEqual([]);
  });

  test('a refused one leaves the others alone', () => {
    const batch = run(staging, deploy(1, { a: [901, 'c'] }), deploy(2, { a: [4, 'd'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 refused', '2 landed'], moves: ['staging/a d from 4'] });
  });

  test('one image that has to wait makes the others wait', () => {
    const batch = run(staging, deploy(1, { a: [4, 'c'] }), deploy(2, { a: [4, 'd'], b: [4, 'd'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 landed', '2 waits'], moves: ['staging/a c from 4'] });
  });

  test('an image that is held does not stop the others: its run says so', () => {
    const state = stateOf({ staging: { images: { a: { source: 3 }, b: { source: 3 } }, holds: [heldAs('a')] } });
    expect(imagesOf(run(state, deploy(1, { a: [4, 'c'], b: [4, 'c'] })), 1)).toEqual([
      'staging/a held',
      'staging/b landed',
    ]);
  });

  test('what is not known yet is asked, once for each image and place', () => {
    const { questions } = decide(staging, [deploy(1, { a: [4, 'c'], b: [4, 'd'] })], {
      ...byNumber,
      place: () => undefined,
    });
    expect(questions.map(({ environment, image, deployed }) => [environment, image, deployed?.to[7]])).toEqual([
      ['staging', 'a', 'a'],
      ['staging', 'b', 'b'],
    ]);
    expect(run(staging, deploy(1, { a: [4, 'c'] })).questions).toEqual([]);
  });

  test('a bug of ours is not taken for a refusal', () => {
    const place = () => {
      throw new TypeError('a bug');
    };
    expect(() => decide(staging, [deploy(1, { a: [4, 'c'] })], { ...byNumber, place })).toThrow(TypeError);
  });
});

describe('a rollback', () => {
  test('lands an older build and holds the whole set, also the image that was there already', () => {
    const batch = run(staging, rollback(1, { a: [3, 'a'], b: [2, 'c'] }));
    expect(read(batch).moves).toEqual(['staging/b c from 2']);
    expect(imagesOf(batch, 1)).toEqual(['staging/a unchanged', 'staging/b landed']);
    const entry = { kind: 'rollback', reason: 'it answers 500', by: 'octocat', since: NOW, until: undefined };
    expect(holdsAfter(staging, batch)).toEqual([
      { ...entry, image: 'a', digest: digestOf('a') },
      { ...entry, image: 'b', digest: digestOf('c') },
    ]);
    expect(decidedOf(batch, 1)?.holds).toEqual([
      { environment: 'staging', image: 'a', action: 'set', kind: 'rollback' },
      { environment: 'staging', image: 'b', action: 'set', kind: 'rollback' },
    ]);
    expect(batch.releases[0]).toMatchObject({ kind: 'rollback', reason: 'it answers 500' });
  });

  test('takes the place of the hold of the rollback before, and leaves what a person set', () => {
    const state = stateOf({
      staging: {
        images: { a: { source: 2 }, b: { source: 2 } },
        holds: [heldAs('a', { kind: 'rollback' }), heldAs('b', { kind: 'rollback' }), heldAs('a'), heldAs('*')],
      },
    });
    const after = holdsAfter(state, run(state, rollback(1, { a: [1, 'c'] })));
    expect(after.map(({ image, kind, by }) => `${image} ${kind} ${by}`)).toEqual([
      'b rollback hubot',
      'a manual hubot',
      '* manual hubot',
      'a rollback octocat',
    ]);
  });

  test('to what is there changes nothing and holds nothing', () => {
    const batch = run(staging, rollback(1, { a: [3, 'a'] }));
    expect(read(batch)).toEqual({ outcomes: ['1 unchanged'], moves: [] });
    expect(batch.holds.size).toBe(0);
  });

  test('on an image that a hand changed lands, and what a person accepted is no longer written', () => {
    const current = digestOf('e');
    const accepted = heldAs('a', { kind: 'accepted', digest: current });
    const hand: Binding = heldAs('a');
    const state = stateOf({ staging: { images: { a: { source: 3, hand, current } }, holds: [accepted] } });
    const batch = run(state, rollback(1, { a: [2, 'c'] }));
    expect(read(batch).outcomes).toEqual(['1 landed']);
    expect(holdsAfter(state, batch).map(({ kind }) => kind)).toEqual(['rollback']);
    expect(batch.releases[0]?.from).toBe(current);
  });
});

describe('a hold', () => {
  test('is written once: the same again is unchanged, another reason or end takes its place', () => {
    const until = new Date('2026-02-01T00:00:00Z');
    const state = stateOf({
      staging: { images: { a: { source: 3 } }, holds: [heldAs('a', { reason: 'we look at it', until })] },
    });
    expect(read(run(state, hold(1, 'a', { until: new Date(until) }))).outcomes).toEqual(['1 unchanged']);
    expect(run(state, hold(1, 'a', { until })).holds.size).toBe(0);
    for (const more of [{ until: undefined }, { until, reason: 'another' }]) {
      const batch = run(state, hold(1, 'a', more));
      expect(read(batch).outcomes).toEqual(['1 landed']);
      expect(holdsAfter(state, batch)).toMatchObject([{ reason: 'we look at it', by: 'octocat', ...more }]);
    }
  });

  test('of the environment and of one image are two', () => {
    const state = stateOf({ staging: { images: { a: { source: 3 } }, holds: [heldAs('*')] } });
    const batch = run(state, hold(1, 'a'));
    expect(holdsAfter(state, batch).map(({ image }) => image)).toEqual(['*', 'a']);
    expect(decidedOf(batch, 1)?.holds).toEqual([{ environment: 'staging', image: 'a', action: 'set', kind: 'manual' }]);
  });

  test('that is set holds a deploy of the same commit, and one that is over does not', () => {
    expect(read(run(staging, deploy(1, { a: [5, 'c'] }), hold(2, 'a'))).outcomes).toEqual(['2 landed', '1 held']);
    const state = stateOf({ staging: { images: { a: { source: 3 } }, holds: [heldAs('a', { until: NOW })] } });
    expect(read(run(state, deploy(1, { a: [5, 'c'] }))).outcomes).toEqual(['1 landed']);
  });

  test('of an image that the environment does not use is refused', () => {
    expect(refusalOf(run(staging, hold(1, 'c')), 1)).toBe(
      'image: "c" is used by no overlay of staging; add it to a base, or take it out here',
    );
  });
});
