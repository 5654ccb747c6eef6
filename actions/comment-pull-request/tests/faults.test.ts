import { describe, expect, test } from '@jest/globals';
import { nameManifests, namePlanReport } from '#core/action/artifact-names.ts';
import type { ReportFacts } from '#core/terraform/comment/report.ts';
import { nameStackList } from '#core/terraform/stack-list.ts';
import { comment, leave, manifestsOf, planOfStack, pull, rebase, runs, useRuns, world } from './left.ts';

useRuns();

const FRESH = 'success: A merge into main does what the comment shows';
const guard = [{ address: 'a.b', type: 'a', what: 'is destroyed', isAllowed: false }];
const SAVED = { isSaved: true, plannedAt: '2030-01-02T11:00:00.000Z' }; // an hour ago, by the tests' clock

async function plan(facts: Partial<ReportFacts>): Promise<string | undefined> {
  await leave(runs()[0], nameManifests(), manifestsOf());
  await leave(runs()[0], namePlanReport('aws'), JSON.stringify(planOfStack('aws', undefined, facts)));
  await comment();
  return world.statusOf(pull);
}

describe('the status is not green where the apply is going to refuse', () => {
  test.each<[string, Partial<ReportFacts>, RegExp]>([
    ['saved, and held by nothing', SAVED, /^success/],
    ['not saved', { ...SAVED, isSaved: false }, /^failure: The plan was not saved, so a merge applies nothing/],
    ['held by the guard', { ...SAVED, guard }, /^failure: The destroy guard holds the plan/],
    ['allowed by someone', { ...SAVED, guard: guard.map((one) => ({ ...one, isAllowed: true })) }, /^success/],
    ['not applied by a merge at all', { guard }, /^success/],
  ])('a plan that is %s', async (_name, facts, expected) => {
    expect(await plan(facts)).toMatch(expected);
    expect(world.statusOf(pull)?.length).toBeLessThanOrEqual(150);
  });

  test.each([
    ['2030-01-01T13:40:00.000Z', 'success'],
    ['2030-01-01T13:20:00.000Z', 'failure'],
  ])('a plan of %s at noon of the next day: %s', async (plannedAt, state) => {
    expect(await plan({ ...SAVED, plannedAt })).toMatch(new RegExp(`^${state}`));
    if (state === 'success') return;
    expect(world.statusOf(pull)).toBe(
      'failure: Stale: the plan is too old: update the branch, or close and reopen the pull request',
    );
    const [, line = ''] = world.commentsOf(pull)[0]?.body.split('\n') ?? [];
    expect(line).toContain('**Stale:** the plan is of 2030-01-01 13&#58;20 UTC, and a plan is applied within 24 hours');
    expect(line).toContain('close and reopen the pull request');
    expect(await world.mark()).toMatchObject({ outputs: { stale: `[${pull.number}]` } });
  });

  test('stacks that a neighbour adds or moves; what else slipway.yaml says does not matter', async () => {
    const config = (stacks: string, more = ''): string => `${more}terraform:\n  stacks:\n${stacks}`;
    const aws = '    aws: {folder: terraform/aws}\n';
    world.commit('main', 'slipway.yaml', config(aws));
    rebase();
    const sources = ['terraform/aws', nameStackList('slipway.yaml')];
    expect(await plan({ ...SAVED, sources })).toBe(FRESH);
    world.commit('main', 'slipway.yaml', config(aws, 'images: {}\n'));
    expect(await world.mark()).toMatchObject({ outputs: { stale: '[]' } });
    world.commit('main', 'slipway.yaml', config(`${aws}    web: {folder: terraform/web}\n`));
    expect(await world.mark()).toMatchObject({ outputs: { stale: `[${pull.number}]` } });
    expect(world.commentsOf(pull)[0]?.body).toMatch(/ and the list of stacks in `slipway.yaml` changed there: /);
    rebase();
  });
});
