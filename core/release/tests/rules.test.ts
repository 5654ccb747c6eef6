import { describe, expect, test } from '@jest/globals';
import { decide, type Place, type Situation, summarizeOutcomes } from '#core/release/rules.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const commit = (letter: string): CommitSha => letter.repeat(40) as CommitSha; // forty hex digits
const winner: LandedRelease = {
  environment: 'production',
  image: 'app',
  to: digest('b'),
  from: digest('a'),
  kind: 'deploy',
  source: commit('2'),
  intent: '01',
  run: 'https://github.example/run',
  actor: 'octocat',
  commit: commit('9'),
};
const older: Place = { is: 'older', winner };
const beside: Place = { is: 'beside', deployed: winner, merge: commit('3') };

describe('decide', () => {
  const table: [string, Situation['current'], Place, string][] = [
    ['nothing was released', undefined, { is: 'first' }, 'lands'],
    ['nothing was released, and a hand wrote the digest', digest('w'), { is: 'first' }, 'unchanged'],
    ['newer, another digest', digest('a'), { is: 'newer' }, 'lands'],
    ['newer, a tag in the overlay', undefined, { is: 'newer' }, 'lands'],
    ['newer, the same digest', digest('w'), { is: 'newer' }, 'unchanged'],
    ['built again, another digest', digest('a'), { is: 'rebuilt' }, 'lands'],
    ['built again, the same digest', digest('w'), { is: 'rebuilt' }, 'unchanged'],
    ['older, another digest', digest('a'), older, 'superseded'],
    ['older, the same digest: its run names the winner', digest('w'), older, 'superseded'],
    ['beside, whatever the digest', digest('w'), beside, 'refused'],
  ];
  test.each(table)('%s', (_name, current, place, outcome) => {
    expect(decide({ wanted: digest('w'), current, place }).outcome).toBe(outcome);
  });

  test('names who won, what is beside, and what a person should know', () => {
    const of = (place: Place) => decide({ wanted: digest('w'), current: digest('a'), place });
    expect(of(older)).toEqual({ outcome: 'superseded', winner });
    expect(of(beside)).toEqual({ outcome: 'refused', deployed: winner, merge: commit('3') });
    expect(of({ is: 'newer', note: 'rewritten' })).toEqual({ outcome: 'lands', note: 'rewritten' });
  });
});

test.each([
  [['landed', 'superseded', 'unchanged'], 'landed'],
  [['unchanged', 'superseded'], 'superseded'],
  [['unchanged'], 'unchanged'],
] as const)('%j together are %s', (outcomes, expected) => {
  expect(summarizeOutcomes(outcomes)).toBe(expected);
});
