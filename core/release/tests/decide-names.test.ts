import { describe, expect, test } from '@jest/globals';
import { InputError, Refusal } from '#core/values/errors.ts';
import { decidedOf, deploy, hold, lift, promotion, read, refusalOf, rollback, run, stateOf } from './state-builder.ts';

describe('what cannot be read', () => {
  const fault = new Refusal('overlays/staging/holds.yaml:3: the hold has no reason: add it');
  const images = { a: { source: 3 } };
  const state = stateOf({ staging: { images, fault }, edge: { images }, production: { images }, canary: { images } });

  test.each([
    ['a deploy to it', deploy(1, { a: [5, 'c'] })],
    ['a rollback', rollback(1, { a: [2, 'c'] })],
    ['a hold', hold(1, 'a')],
    ['a release', lift(1, 'a')],
    ['a promotion from it', promotion(1, { a: [3, 'a'] })],
  ])('refuses %s, with the line', (_name, intent) => {
    const batch = run(state, intent);
    expect(decidedOf(batch, 1)).toMatchObject({ outcome: 'refused', refusal: fault, images: [], holds: [] });
    expect([...batch.holds.keys(), ...batch.releases]).toEqual([]);
  });

  test('leaves the other environments alone', () => {
    const batch = run(
      state,
      rollback(1, { a: [2, 'c'] }, { environment: 'edge' }),
      hold(2, 'a', { environment: 'production' }),
      deploy(3, { a: [5, 'd'] }, { environments: ['canary'], isByHand: true }),
    );
    expect(read(batch).outcomes).toEqual(['1 landed', '2 landed', '3 landed']);
  });
});

describe('names', () => {
  const state = stateOf({ staging: { images: { a: { source: 3 } } }, edge: { images: { a: { isUsed: false } } } });

  test.each([
    [
      'environment',
      rollback(1, { a: [2, 'c'] }, { environment: 'stagin' }),
      'environment: "stagin" is not an environment',
    ],
    ['image of a deploy', deploy(1, { d: [5, 'c'] }), 'images: "d" is not an image of slipway.yaml'],
    ['image of a hold', hold(1, 'd'), 'image: "d" is not an image of slipway.yaml'],
    ['image of a release', lift(1, 'd'), 'image: "d" is not an image of slipway.yaml'],
    ['name that objects have', hold(1, '__proto__'), 'image: "__proto__" is not an image of slipway.yaml'],
  ])('an unknown %s is refused', (_name, intent, sentence) => {
    const batch = run(state, intent);
    expect(decidedOf(batch, 1)?.refusal).toBeInstanceOf(InputError);
    expect(refusalOf(batch, 1)).toContain(sentence);
  });

  test('a promotion into an environment without one before it is refused', () => {
    const batch = run(state, promotion(1, { a: [3, 'a'] }, { environment: 'staging' }));
    expect(refusalOf(batch, 1)).toContain('staging has no environment to take releases from');
  });

  test('a push reaches no environment that deploys by promotion or by hand, even by its name', () => {
    const named = (name: string, isByHand = false) =>
      run(state, deploy(1, { a: [5, 'c'] }, { environments: [name], isByHand }));
    expect(refusalOf(named('production', true), 1)).toContain('takes releases by promotion from staging only');
    expect(refusalOf(named('canary'), 1)).toContain('takes releases by hand only');
    expect(read(named('canary', true)).moves).toEqual(['canary/a c from 5']);
    expect(read(run(state, deploy(1, { a: [5, 'c'] }))).moves).toEqual(['staging/a c from 5']);
  });

  test('an image that no environment of the push uses is refused', () => {
    expect(refusalOf(run(state, deploy(1, { a: [5, 'c'], b: [5, 'c'] })), 1)).toBe(
      'images: "b" is used by no overlay of staging, edge; add it to a base, or take it out here',
    );
  });

  test('an environment that is named twice is written once', () => {
    const batch = run(state, deploy(1, { a: [5, 'c'] }, { environments: ['staging', 'staging'] }));
    expect(read(batch).moves).toEqual(['staging/a c from 5']);
  });
});
