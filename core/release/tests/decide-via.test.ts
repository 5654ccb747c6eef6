import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Binding, State } from '#core/release/state.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { decidedOf, deploy, digestOf, NOW, read, refusalOf, rollback, run, stateOf } from './state-builder.ts';

const closed: Binding = {
  kind: 'manual',
  reason: 'pull request #7 was closed',
  by: 'a person',
  since: NOW,
  until: undefined,
  pull: 7,
};
const written = stateOf({
  staging: { images: { a: { source: 3, digest: 'a' } } },
  edge: { images: { a: { source: 3, digest: 'a' } } },
});

const expectMessage = (name: string, message: string | undefined) =>
  expectGolden(join(import.meta.dirname, 'golden/refusals', `${name}.txt`), `${message}\n`);

/** The state with edge taking pull requests. */
function withPulls(state: State): State {
  const environments = new Map(
    [...state.config.environments].map(([name, one]) => [
      name,
      name === 'edge' ? { ...one, via: 'pull-request' as const } : one,
    ]),
  );
  return { ...state, config: { ...state.config, environments } };
}

describe('environments that take pull requests', () => {
  const state = withPulls(written);

  test('are passed over by a push that names none, and the others by a pull request', () => {
    expect(read(run(state, deploy(1, { a: [5, 'c'] }))).moves).toEqual(['staging/a c from 5']);
    expect(read(run({ ...state, via: 'pull-request' }, deploy(1, { a: [5, 'c'] }))).moves).toEqual(['edge/a c from 5']);
  });

  test('refuse a push, and the others a pull request', () => {
    const toEdge = run(state, deploy(1, { a: [5, 'c'] }, { environments: ['edge'] }));
    expectMessage('by-pull-request', refusalOf(toEdge, 1));
    const toStaging = run({ ...state, via: 'pull-request' }, rollback(2, { a: [2, 'c'] }));
    expectMessage('no-pull-requests', refusalOf(toStaging, 2));
  });
});

describe('a digest that was turned down', () => {
  const state: State = { ...written, turnedDown: new Map([[digestOf('c'), closed]]) };

  test('is held where a push brings it, and another one lands', () => {
    const batch = run(state, deploy(1, { a: [5, 'c'] }));
    expect(read(batch).outcomes).toEqual(['1 held']);
    expect(decidedOf(batch, 1)?.images[0]?.hold).toEqual(closed);
    expect(read(run(state, deploy(1, { a: [6, 'd'] }))).outcomes).toEqual(['1 landed']);
  });

  test('lands where a person asks for it', () => {
    expect(read(run(state, deploy(1, { a: [5, 'c'] }, { isByHand: true }))).outcomes).toEqual(['1 landed']);
    expect(read(run(state, rollback(2, { a: [2, 'c'] }))).outcomes).toEqual(['2 landed']);
  });

  test('is where it is, if it got there in another way', () => {
    const there = stateOf({ staging: { images: { a: { source: 3, digest: 'c' } } } });
    const batch = run({ ...there, turnedDown: new Map([[digestOf('c'), closed]]) }, deploy(1, { a: [5, 'c'] }));
    expect(read(batch).outcomes).toEqual(['1 unchanged']);
  });
});
