import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { describeError } from '#core/values/errors.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { WHERE } from '#lab/github/tests/open-api.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';

let world: World;
/** Two pull requests of one stack, and one of another. */
let [one, two, other]: PullRecord[] = [];
let start: string;

beforeAll(async () => {
  world = await openWorld();
  for (const stack of ['aws', 'bootstrap']) world.commit('main', `terraform/${stack}/main.tf`);
  start = world.git('rev-parse', 'main');
  for (const [name, stack] of [
    ['one', 'aws'],
    ['two', 'aws'],
    ['other', 'bootstrap'],
  ] as const) {
    const pull = await world.openPull(name);
    await world.push(pull, `terraform/${stack}/${name}.tf`);
    if (name === 'one') one = pull;
    if (name === 'two') two = pull;
    if (name === 'other') other = pull;
  }
});

beforeEach(() => {
  world.git('update-ref', 'refs/heads/main', start);
  world.forget();
});

afterEach(() => {
  expect(world.rest.violations).toEqual([]);
  expect(world.faults.countWaiting()).toBe(0);
  for (const ref of world.git('for-each-ref', '--format=%(refname)', 'refs/heads/gh-readonly-queue').split('\n'))
    if (ref !== '') world.git('update-ref', '-d', ref);
});

afterAll(() => world.close());

const given = (pull: PullRecord | undefined): PullRecord => {
  if (pull === undefined) throw new Error('no pull request');
  return pull;
};

/** Says in its comment that a pull request was planned on the branch as it is. */
const plan = (pull: PullRecord | undefined, stack: string, inputs: Readonly<Record<string, string>> = {}) =>
  world.comment({
    pull: given(pull),
    inputs: {
      verdict: 'success',
      plans: `terraform/${stack} ${world.git('rev-parse', `main:terraform/${stack}`)}`,
      ...inputs,
    },
  });

type Method = 'merge' | 'squash' | 'rebase';

/** Puts a pull request on top of a commit, as the queue does, and returns what its event says. */
function queue(
  pull: PullRecord | undefined,
  below = start,
  method: Method = 'merge',
): Record<'head' | 'ref' | 'base', string> {
  const { number, head } = given(pull);
  const tree = world.git('merge-tree', '--write-tree', below, head.sha);
  const parents = method === 'merge' ? ['-p', below, '-p', head.sha] : ['-p', below];
  let commit = world.git('commit-tree', tree, ...parents, '-m', `Merge #${number}`);
  if (method === 'rebase') commit = world.git('commit-tree', tree, '-p', commit, '-m', 'The second commit');
  const ref = `refs/heads/gh-readonly-queue/main/pr-${number}-${below}`;
  world.git('update-ref', ref, commit);
  return { head: commit, ref, base: below };
}

const statusOf = (sha: string): string | undefined => {
  const status = world.rest.statuses.filter((status) => status.sha === sha).at(-1);
  return status && `${status.context} ${status.state}: ${status.description}`;
};

const UPDATE = 'update its branch';
const REOPEN = 'close and reopen it';

describe('what was reviewed passes', () => {
  test.each<Method>(['merge', 'squash', 'rebase'])('alone, by %s', async (method) => {
    await plan(one, 'aws');
    const group = queue(one, start, method);
    const { error, outputs, summary } = await world.judgeGroup(group);
    expect(error).toBeUndefined();
    expect(outputs).toEqual({ proven: 'true', 'pull-requests': `[{"pull":${one?.number},"fault":null}]` });
    expect(statusOf(group.head)).toBe(`slipway/plan success: This merge does what was reviewed: #${one?.number}`);
    expect(summary).toContain('✅ as reviewed');
  });

  test('behind one of another stack, and both are judged', async () => {
    await plan(other, 'bootstrap');
    await plan(one, 'aws');
    const group = queue(one, queue(other).head);
    expect(await world.judgeGroup(group)).toMatchObject({ error: undefined, outputs: { proven: 'true' } });
    expect(statusOf(group.head)).toContain(`#${other?.number}, #${one?.number}`);
  });

  test('where main moved on elsewhere', async () => {
    await plan(one, 'aws');
    const group = queue(one);
    world.commit('main', 'app/index.ts');
    expect(await world.judgeGroup(group)).toMatchObject({ error: undefined });
  });
});

describe('what was not reviewed fails before the merge', () => {
  const expectFault = async (
    group: Readonly<Record<string, string>>,
    fault: string,
    remedy = UPDATE,
  ): Promise<void> => {
    const { error, outputs, summary } = await world.judgeGroup(group);
    expect(describeError(error)).toBe(`${fault}: ${remedy}, then queue it again`);
    expect(statusOf(group['head'] ?? '')).toBe(`slipway/plan failure: ${fault}: ${remedy}, then queue it again`);
    expect(outputs['proven']).toBe('false');
    expect(summary).toMatch(/^### ❌ /);
  };

  test('two of one stack: the first passes, and the second passes once it was planned on the first', async () => {
    await plan(one, 'aws');
    await plan(two, 'aws');
    const first = queue(one);
    expect(await world.judgeGroup(first)).toMatchObject({ error: undefined });
    await expectFault(queue(two, first.head), `#${two?.number}: terraform/aws changes ahead of it`);
    // what the status says to do helps
    world.git('update-ref', 'refs/heads/main', first.head);
    world.git('update-ref', '-d', first.ref);
    await world.comment({
      pull: given(two),
      run: 2,
      inputs: { verdict: 'success', plans: `terraform/aws ${world.git('rev-parse', 'main:terraform/aws')}` },
    });
    expect(await world.judgeGroup(queue(two, first.head))).toMatchObject({ error: undefined });
  });

  test('one that the event puts below, where the queue’s branches do not tell', async () => {
    await plan(two, 'aws');
    const first = queue(one);
    world.git('update-ref', '-d', first.ref);
    await expectFault(queue(two, first.head), `#${two?.number}: terraform/aws changes ahead of it`);
  });

  test('one ahead that has no reviewed plan fails the group as well', async () => {
    await plan(one, 'aws');
    await expectFault(queue(one, queue(other).head), `#${other?.number}: it has no reviewed plan`, REOPEN);
  });

  test('main moved on in the stack', async () => {
    await plan(one, 'aws');
    const group = queue(one);
    world.commit('main', 'terraform/aws/more.tf');
    await expectFault(group, `#${one?.number}: terraform/aws changes ahead of it`);
  });

  test('a plan that failed, one that is stale, one without a verdict, and none', async () => {
    const group = queue(one);
    await expectFault(group, `#${one?.number}: it has no reviewed plan`, REOPEN);
    await plan(one, 'aws', { verdict: '' });
    await expectFault(group, `#${one?.number}: its head has no reviewed plan`, REOPEN);
    await plan(one, 'aws', { verdict: 'failure' });
    await expectFault(group, `#${one?.number}: its plan failed`, 'fix what its comment says');
    await plan(one, 'aws');
    const moved = world.commit('main', 'terraform/aws/more.tf');
    await world.mark();
    await expectFault(group, `#${one?.number}: its plan is stale since ${moved.slice(0, 7)}`);
  });

  test.each([
    ['verdict=failure fault=held', 'the destroy guard holds its plan', 'take out what it destroys'],
    ['verdict=failure fault=unsaved', 'its plan was not saved', 'do what the log of its job says'],
    ['verdict=success planned=2030-01-01T12:00:00.000Z', 'its plan is too old', UPDATE], // a day ago
  ])('one whose comment says %s', async (said, fault, remedy) => {
    await plan(one, 'aws');
    const [comment] = world.commentsOf(given(one));
    if (comment !== undefined) comment.body = comment.body.replace('verdict=success', said);
    await expectFault(queue(one), `#${one?.number}: ${fault}`, remedy);
  });

  test('a head that was pushed after the review', async () => {
    const pull = await world.openPull('late');
    await plan(pull, 'aws');
    await world.push(pull);
    await expectFault(queue(pull), `#${pull.number}: its head has no reviewed plan`, REOPEN);
  });

  test('one from a fork, which never gets a plan, says what a maintainer does', async () => {
    const fork = join(world.root, 'fork.git');
    world.git('clone', '--quiet', '--bare', world.bare, fork);
    world.pulls.addFork('mallory/tenant', fork);
    execFileSync('git', ['-C', fork, 'update-ref', 'refs/heads/topic', given(one).head.sha]);
    const { data } = await world.person.rest.pulls.create({
      ...WHERE,
      title: 'T',
      head: 'mallory:topic',
      base: 'main',
    });
    const theirs = world.pulls.find(data.number);
    const remedy = 'push its commits to a branch of this repository';
    await expectFault(queue(theirs), `#${data.number}: it comes from a fork, which gets no plan`, remedy);
  });

  test('the remedy is whole where the rest is too long', async () => {
    await plan(one, 'aws');
    const long = 'a-branch-with-a-long-name/'.repeat(6).slice(0, -1);
    world.git('branch', long, 'main');
    await world.person.rest.pulls.update({ ...WHERE, pull_number: given(one).number, base: long });
    const { error } = await world.judgeGroup(queue(one));
    expect(describeError(error)).toMatch(/^.{90,}…: move it to main, then queue it again$/);
    expect(describeError(error)).toHaveLength(140);
    await world.person.rest.pulls.update({ ...WHERE, pull_number: given(one).number, base: 'main' });
  });

  test('a comment that a stranger wrote', async () => {
    await plan(two, 'aws');
    const body = world.commentsOf(given(two))[0]?.body.replace(given(two).head.sha, given(one).head.sha) ?? '';
    await world.person.rest.issues.createComment({ ...WHERE, issue_number: given(one).number, body });
    await expectFault(queue(one), `#${one?.number}: it has no reviewed plan`, REOPEN);
  });

  test('a group whose name has no pull request', async () => {
    const { error } = await world.judgeGroup({ ...queue(one), ref: 'refs/heads/gh-readonly-queue/other/pr-7-abc' });
    expect(describeError(error)).toBe('The name of the merge group has no pull request');
  });
});

test.each(['repos/create-commit-status', 'git/list-matching-refs'])(
  '%s: a lost reply and a 502 are got over',
  async (operation) => {
    await plan(one, 'aws');
    const group = queue(one);
    world.faults.inject(operation, { kind: 'lost-reply' }, { kind: 'server-error', effect: 'none' });
    expect(await world.judgeGroup(group)).toMatchObject({ error: undefined });
    expect(statusOf(group.head)).toMatch(/success/);
    world.faults.clear(); // a status that was set although its answer was lost is not set again
  },
);

describe('what GitHub refuses, and inputs that cannot be meant', () => {
  const expectSentence = (name: string, error: unknown): void => {
    const text = describeError(error)
      .replace(/127\.0\.0\.1:\d+/g, 'github.example')
      .replace(/\b[0-9a-f]{7}\b/g, 'abc1234');
    expectGolden(join(import.meta.dirname, 'golden', `${name}.txt`), `${text}\n`);
  };

  test('no-right', async () => {
    await plan(one, 'aws');
    const rights = { contents: 'read', 'pull-requests': 'read', statuses: 'read' };
    expectSentence('no-right', (await world.judgeGroup(queue(one), rights)).error);
  });

  test.each([
    ['no-head', { head: '' }],
    ['no-ref', { ref: '' }],
    ['no-base', { base: 'main' }],
    ['no-branch', { branch: '' }],
  ])('%s', async (name, inputs) => {
    expectSentence(name, (await world.judgeGroup({ ...queue(one), ...inputs })).error);
  });
});
