import { describe, expect, test } from '@jest/globals';
import type { Hold } from '#core/release/holds.ts';
import {
  type Decision,
  decideByOrder,
  decideDeploy,
  decidePromotion,
  decideRollback,
  describeBinding,
  refuseDrifted,
  refuseLiftOfOne,
  refuseUnused,
  type Situation,
  summarizeOutcomes,
} from '#core/release/rules.ts';
import type { Binding, DeployedRelease, ImageState, Place } from '#core/release/state.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const commit = (letter: string): CommitSha => letter.repeat(40) as CommitSha; // forty hex digits
const winner: DeployedRelease = {
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
const binding: Binding = {
  kind: 'rollback',
  reason: 'it answers 500',
  by: 'octocat',
  since: new Date('2026-01-02T03:04:05Z'),
  until: undefined,
};

const never = (): Place => {
  throw new Error('the order costs requests and must not be asked here');
};

function situation(change: Partial<Situation>): Situation {
  return {
    environment: { name: 'production', from: 'staging' },
    image: 'app',
    wanted: { digest: digest('c'), source: commit('1') },
    current: digest('a'),
    binding: undefined,
    place: never,
    ...change,
  };
}

const refusalOf = (decision: Decision): string => (decision.outcome === 'refused' ? decision.refusal.message : '');

describe('a deploy that nothing holds goes by the order', () => {
  const [same, other] = [digest('c'), digest('a')];
  const table: [string, Digest | undefined, Place, string][] = [
    ['nothing was released', undefined, { is: 'first' }, 'landed'],
    ['nothing was released, and a hand wrote the digest', same, { is: 'first' }, 'unchanged'],
    ['newer, another digest', other, { is: 'newer' }, 'landed'],
    ['newer, a tag in the overlay', undefined, { is: 'newer' }, 'landed'],
    ['newer, the same digest', same, { is: 'newer' }, 'unchanged'],
    ['built again, another digest', other, { is: 'rebuilt' }, 'landed'],
    ['built again, the same digest', same, { is: 'rebuilt' }, 'unchanged'],
    ['older, another digest', other, older, 'superseded'],
    ['older, the same digest: its run names the winner', same, older, 'superseded'],
    ['beside, whatever the digest', same, beside, 'refused'],
    ['not on the branch, whatever the digest', same, { is: 'absent', exists: true }, 'refused'],
    ['nowhere at all', other, { is: 'absent', exists: false }, 'refused'],
  ];
  test.each(table)('%s', (_name, current, place, outcome) => {
    for (const rule of [decideDeploy, decideByOrder, decidePromotion]) {
      expect(rule(situation({ current, place: () => place })).outcome).toBe(outcome);
    }
  });

  test('names who won, what is beside, and what a person should know', () => {
    const of = (place: Place) => decideDeploy(situation({ place: () => place }));
    expect(of(older)).toEqual({ outcome: 'superseded', winner });
    expect(of({ is: 'newer', note: 'rewritten' })).toEqual({ outcome: 'landed', note: 'rewritten' });
    expect(refusalOf(of(beside))).toBe(
      `source-sha: ${commit('1')} is neither before nor after ${commit('2')}, from which production/app was released in ${commit('9')}: one merge brought both; deploy that merge, ${commit('3')}`,
    );
    expect(refusalOf(of({ ...beside, deployed: { ...winner, commit: undefined } }))).toContain('in this very commit');
    expect(refusalOf(of({ is: 'absent', exists: true }))).toMatch(/is not on the branch: .*deploy a commit/);
    expect(refusalOf(of({ is: 'absent', exists: false }))).toMatch(
      /the repository has no commit 1{40}; push it, or give/,
    );
  });
});

describe('what is held', () => {
  test('a deploy answers held, with the hold, and does not ask for the order', () => {
    expect(decideDeploy(situation({ binding }))).toEqual({ outcome: 'held', hold: binding });
    expect(decideDeploy(situation({ binding, current: digest('c') })).outcome).toBe('held');
  });

  test('a promotion is refused, since its run would be green: who holds it, why, and what to do', () => {
    expect(refusalOf(decidePromotion(situation({ binding })))).toBe(
      'environment: production/app is held (rollback, by octocat since 2026-01-02 03:04 UTC: it answers 500); release it first: workflow Hold with action release, or at a terminal: npm run -s slipway -- release production --reason "why"',
    );
  });

  test('a rollback lands all the same, and without asking for the order', () => {
    expect(decideRollback(situation({ binding }))).toEqual({ outcome: 'landed' });
    expect(decideRollback(situation({ binding, current: digest('c') }))).toEqual({ outcome: 'unchanged' });
    expect(decideRollback(situation({ current: undefined }))).toEqual({ outcome: 'landed' });
  });

  test('what lets go goes by the order, whatever held it', () => {
    expect(decideByOrder(situation({ binding, place: () => ({ is: 'newer' }) }))).toEqual({ outcome: 'landed' });
  });

  test('a hold in words says its end, and a change by hand its commit', () => {
    const until = new Date('2026-01-03T00:00:00Z');
    expect(describeBinding({ ...binding, until })).toContain('UTC, until 2026-01-03 00:00 UTC: it answers 500');
    expect(describeBinding({ ...binding, kind: 'manual', commit: commit('d') })).toMatch(
      /^changed by hand in ddddddd, by/,
    );
  });
});

describe('refusals of what is asked', () => {
  test('an image that no overlay in question uses', () => {
    const environments = [{ name: 'staging' }, { name: 'edge' }];
    expect(() => refuseUnused(['app', 'web'], new Set(['app', 'web']), environments)).not.toThrow();
    expect(() => refuseUnused(['app', 'web'], new Set(['app']), environments)).toThrow(
      'images: "web" is used by no overlay of staging, edge; add it to a base, or take it out here',
    );
    expect(() => refuseUnused(['web'], new Set(), environments, 'image')).toThrow('image: "web"');
  });

  const before: ImageState = { current: digest('c'), isUsed: true, release: winner, hand: undefined };
  const drifts: [string, Partial<ImageState>, string | undefined][] = [
    ['nothing', {}, undefined],
    [
      'a change by hand',
      { hand: binding },
      'environment: staging/app was not landed by this pipeline (rollback, by octocat since 2026-01-02 03:04 UTC: it answers 500); release it in staging first: workflow Hold with action release, or at a terminal: npm run -s slipway -- release staging --reason "why"',
    ],
    [
      'another digest',
      { current: digest('a') },
      `environment: staging/app is at ${digest('a')} by now, and no longer at ${digest('c')}; promote to production again`,
    ],
    ['no release', { release: undefined }, 'promote to production again'],
    ['no digest', { current: undefined }, 'staging/app is at no digest by now'],
  ];
  test.each(drifts)('a promotion whose environment before shows %s', (_name, change, message) => {
    const refuse = () =>
      refuseDrifted({ ...before, ...change }, { name: 'production', from: 'staging' }, 'app', {
        digest: digest('c'),
        source: commit('1'),
      });
    if (message === undefined) expect(refuse).not.toThrow();
    else expect(refuse).toThrow(message);
  });

  test('letting go of one image where the whole environment is held', () => {
    const hold: Hold = { ...binding, kind: 'manual', image: '*', digest: undefined };
    expect(() => refuseLiftOfOne([{ ...hold, image: 'app' }], { name: 'production' }, 'app')).not.toThrow();
    expect(() => refuseLiftOfOne([hold], { name: 'production' }, 'app')).toThrow(
      'image: production/app is held with the whole environment (manual, by octocat since 2026-01-02 03:04 UTC: it answers 500); release the environment, without an image',
    );
  });
});

test.each([
  [['landed', 'held', 'superseded', 'unchanged'], 'landed'],
  [['unchanged', 'superseded', 'held'], 'held'],
  [['unchanged', 'superseded'], 'superseded'],
  [['unchanged'], 'unchanged'],
  [[], 'unchanged'],
] as const)('%j together are %s', (outcomes, expected) => {
  expect(summarizeOutcomes(outcomes)).toBe(expected);
});
