import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { describeError } from '#core/values/errors.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { WHERE } from '#lab/github/tests/open-api.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';

let world: World;
let pull: PullRecord;
/** The base branch before any neighbour is merged. */
let start: string;

beforeAll(async () => {
  world = await openWorld();
  for (const path of ['aws', 'secrets', 'modules/queue']) world.commit('main', `terraform/${path}/main.tf`);
  start = world.git('rev-parse', 'main');
  pull = await world.openPull('topic');
});

beforeEach(() => {
  world.git('update-ref', 'refs/heads/main', start);
  world.forget();
});

afterEach(() => {
  expect(world.rest.violations).toEqual([]);
  expect(world.faults.countWaiting()).toBe(0);
});

afterAll(() => world.close());

/** What a plan of the base branch as it is now was made from. */
const plans = (...paths: string[]): string => {
  const trees = world.git('rev-parse', ...paths.map((path) => `main:${path}`)).split('\n');
  return paths.map((path, index) => `${path} ${trees[index]}`).join('\n');
};

const AWS = ['terraform/aws', 'terraform/modules/queue'];
const BODY = '## ✅ Plan of HEAD: 1 to change\n\nDetails.';

const check = (run = 1, change: Readonly<Record<string, string>> = {}) =>
  world.comment({ pull, body: BODY, run, inputs: { verdict: 'success', plans: plans(...AWS), ...change } });

const textOf = (one: PullRecord): string => world.commentsOf(one)[0]?.body.split('\n').slice(1).join('\n') ?? '';

const FRESH = 'success: A merge into main does what the comment shows';

describe('a neighbour that changes a folder of the plan', () => {
  test.each(AWS)('%s: marks comment and status, without a push; twice marks once', async (path) => {
    expect(await check()).toMatchObject({ error: undefined, outputs: { outcome: 'created' } });
    expect(world.statusOf(pull)).toBe(FRESH);
    const merged = world.commit('main', `${path}/more.tf`);
    world.commit('main', 'later.txt');
    expect(await world.mark()).toMatchObject({ error: undefined, outputs: { stale: `[${pull.number}]`, fresh: '[]' } });
    const link = `[\`${merged.slice(0, 7)}\`](${world.url}/acme/tenant/commit/${merged})`;
    expect(textOf(pull)).toBe(
      `⚠️ **Stale:** main moved on with ${link} (Change ${path}/more.tf), and \`${path}\` changed there: press "Update branch", or merge main into this branch and push; if you cannot push, or nothing is to be merged, close and reopen the pull request. A re-run of the check keeps the old plan\n\nDetails.`,
    );
    expect(world.statusOf(pull)).toBe(
      `failure: Stale: main moved on with ${merged.slice(0, 7)}: update the branch, or close and reopen the pull request`,
    );
    const [edits, statuses] = [world.commentsOf(pull)[0]?.edits.length, world.rest.statuses.length];
    world.commit('main', `${path}/again.tf`);
    expect(await world.mark()).toMatchObject({ outputs: { stale: `[${pull.number}]` } });
    expect([world.commentsOf(pull)[0]?.edits.length, world.rest.statuses.length]).toEqual([edits, statuses]);
  });

  test('that changes a file which the plan’s code reads counts as well', async () => {
    world.commit('main', 'policies/queue.json');
    await check(1, { plans: plans('policies/queue.json') });
    expect(world.statusOf(pull)).toBe(FRESH);
    world.commit('main', 'policies/other.json');
    expect(await world.mark()).toMatchObject({ outputs: { stale: '[]' } });
    world.commit('main', 'policies/queue.json');
    expect(await world.mark()).toMatchObject({ outputs: { stale: `[${pull.number}]` } });
    expect(textOf(pull)).toContain('and `policies/queue.json` changed there');
  });

  test('that makes or takes away the folder counts as well', async () => {
    await check(1, { plans: 'terraform/new none' });
    expect(world.statusOf(pull)).toBe(FRESH);
    world.commit('main', 'terraform/new/main.tf');
    await world.mark();
    expect(world.statusOf(pull)).toMatch(/^failure: Stale/);
  });
});

test('a neighbour that changes no folder of the plan marks nothing', async () => {
  await check();
  world.commit('main', 'terraform/secrets/more.tf');
  world.commit('main', 'app/index.ts');
  const statuses = world.rest.statuses.length;
  expect(await world.mark()).toMatchObject({ outputs: { stale: '[]', fresh: `[${pull.number}]` } });
  expect([textOf(pull), world.statusOf(pull), world.rest.statuses.length]).toEqual([BODY, FRESH, statuses]);
});

test('a plan that main had left before its comment was written is stale at once', async () => {
  const of = plans(...AWS);
  world.commit('main', 'terraform/aws/more.tf');
  await check(1, { plans: of });
  expect(textOf(pull)).toMatch(/^⚠️ \*\*Stale:/);
  expect(world.rest.statuses.map(({ state }) => state)).toEqual(['failure']);
});

test('a plan that failed is failed, fresh or not, and one without a verdict has no status', async () => {
  await check(1, { verdict: 'failure' });
  expect(world.statusOf(pull)).toBe('failure: The plan failed: the comment says why');
  await world.mark();
  await check(2, { verdict: '' });
  world.commit('main', 'terraform/aws/more.tf');
  expect(await world.mark()).toMatchObject({ outputs: { stale: '[]', fresh: '[]' } });
  expect(textOf(pull)).toBe(BODY);
  expect(world.rest.statuses).toHaveLength(1);
});

test('what is not to be judged is left alone: an older head, another branch, a closed one, a stranger’s comment', async () => {
  const other = await world.openPull('left');
  await world.comment({ pull: other, inputs: { verdict: 'success', plans: plans(...AWS) } });
  await world.push(other);
  const stranger = world.commentsOf(other)[0]?.body ?? '';
  await world.person.rest.issues.createComment({ ...WHERE, issue_number: pull.number, body: stranger });
  world.commit('main', 'terraform/aws/more.tf');
  expect(await world.mark()).toMatchObject({ outputs: { stale: '[]', fresh: '[]' } });
  expect(world.pulls.comments.map(({ edits }) => edits.length)).toEqual([1, 1]);
  await world.person.rest.pulls.update({ ...WHERE, pull_number: other.number, state: 'closed' });
});

test('a hostile subject of a commit is text', async () => {
  await check();
  const subject = '<!-- --> @acme/owners #1 **[x](https://e.example)** `|` ::error::';
  const tree = world.git('rev-parse', `${world.commit('main', 'terraform/aws/more.tf')}^{tree}`);
  const hostile = world.git('commit-tree', tree, '-p', start, '-m', subject);
  world.git('update-ref', 'refs/heads/main', hostile);
  await world.mark();
  const [line = ''] = textOf(pull).split('\n');
  expectGolden(
    join(import.meta.dirname, 'golden', 'hostile.txt'),
    `${line.replace(/\(http[^)]*\)/, '(https://github.example/COMMIT)').replaceAll(hostile.slice(0, 7), 'COMMIT')}\n`,
  );
});

test('it is a required check: 140 characters are enough, and the newest status counts', async () => {
  await check();
  world.commit('main', 'terraform/aws/more.tf');
  await world.mark();
  const { data } = await world.person.rest.repos.getCombinedStatusForRef({ ...WHERE, ref: pull.head.sha });
  expect(data).toMatchObject({ state: 'failure', statuses: [{ context: 'slipway/plan', state: 'failure' }] });
  for (const { description } of world.rest.statuses) expect(description?.length).toBeLessThanOrEqual(140);
});

describe('what GitHub refuses of one', () => {
  test('leaves the others marked, and is red', async () => {
    const other = await world.openPull('other');
    await check();
    await world.comment({ pull: other, inputs: { verdict: 'success', plans: plans(...AWS) } });
    world.commit('main', 'terraform/aws/more.tf');
    pull.locked = true;
    const { error, outputs, summary } = await world.mark();
    pull.locked = false;
    expect(outputs['stale']).toBe(`[${other.number}]`);
    expect(world.statusOf(other)).toMatch(/^failure: Stale/);
    expect(describeError(error)).toMatch(new RegExp(`^#${pull.number}: the conversation is locked .*unlock it`));
    expect(summary).toContain('❌ the conversation is locked');
    expectGolden(
      join(import.meta.dirname, 'golden', 'summary.md'),
      summary.replaceAll(world.url, 'https://github.example'),
    );
    await world.person.rest.pulls.update({ ...WHERE, pull_number: other.number, state: 'closed' });
    // unlocked, as the sentence says, the next run marks it too
    expect(await world.mark()).toMatchObject({ error: undefined, outputs: { stale: `[${pull.number}]` } });
  });

  test.each([
    'issues/update-comment',
    'repos/create-commit-status',
    'pulls/list',
    'git/get-tree',
    'repos/list-commits',
  ])('%s: a lost reply and a 502 are got over', async (operation) => {
    await check();
    world.commit('main', 'terraform/aws/more.tf');
    world.faults.inject(operation, { kind: 'lost-reply' }, { kind: 'server-error', effect: 'none' });
    expect(await world.mark()).toMatchObject({ error: undefined, outputs: { stale: `[${pull.number}]` } });
    expect(textOf(pull)).toMatch(/^⚠️ \*\*Stale:/);
    expect(world.statusOf(pull)).toMatch(/^failure: Stale/);
    world.faults.clear();
  });
});

describe('a run and a mark at once', () => {
  test('a mark that was read before the newer run wrote does not overwrite it', async () => {
    await check();
    world.commit('main', 'terraform/aws/more.tf');
    let isFirst = true;
    await world.mark({
      around: (ports) => ({
        ...ports,
        comments: {
          ...ports.comments,
          update: async (...args) => {
            if (isFirst) await check(2);
            isFirst = false;
            return ports.comments.update(...args);
          },
        },
      }),
    });
    expect([textOf(pull), world.statusOf(pull)]).toEqual([BODY, FRESH]);
  });

  test('a merge between the check’s look at main and its status ends as stale', async () => {
    const of = plans(...AWS);
    let isFirst = true;
    await world.comment({
      ...{ pull, body: BODY, inputs: { verdict: 'success', plans: of } },
      around: (ports) => ({
        ...ports,
        statuses: {
          ...ports.statuses,
          set: async (...args) => {
            if (isFirst) world.commit('main', 'terraform/aws/more.tf');
            if (isFirst) await world.mark();
            isFirst = false;
            return ports.statuses.set(...args);
          },
        },
      }),
    });
    expect(textOf(pull)).toMatch(/^⚠️ \*\*Stale:/);
    expect(world.statusOf(pull)).toMatch(/^failure: Stale/);
  });
});

test('two pull requests on one stack: A is merged, B is stale without a push of its own, and its new plan is fresh', async () => {
  const [a, b] = [await world.openPull('a'), await world.openPull('b')];
  for (const pull of [a, b]) {
    await world.push(pull, `terraform/aws/${pull.head.ref}.tf`);
    await world.comment({
      pull,
      body: '## Plan\n\nDetails.',
      inputs: { verdict: 'success', plans: plans('terraform/aws') },
    });
    expect(world.statusOf(pull)).toMatch(/^success: /);
  }
  const { head } = b;
  await world.person.rest.pulls.merge({ ...WHERE, pull_number: a.number, merge_method: 'squash' });
  expect(await world.mark()).toMatchObject({ error: undefined, outputs: { stale: `[${b.number}]`, fresh: '[]' } });
  expect(b.head).toEqual(head);
  expect(world.commentsOf(b)[0]?.body).toMatch(/\n⚠️ \*\*Stale:\*\* main moved on with /);
  expect(world.statusOf(b)).toMatch(/^failure: Stale: main moved on with [0-9a-f]{7}: update the branch, /);
  await world.comment({
    pull: b,
    run: 2,
    body: '## New plan',
    inputs: { verdict: 'success', plans: plans('terraform/aws') },
  });
  expect(world.commentsOf(b).map(({ body }) => body.split('\n')[1])).toEqual(['## New plan']);
  expect(world.statusOf(b)).toMatch(/^success: /);
  await world.person.rest.pulls.update({ ...WHERE, pull_number: b.number, state: 'closed' });
});

test('the workflow runs it after each push to main, with the rights that it needs and no others', () => {
  const file = join(import.meta.dirname, '../../../.github/workflows/stale-plans.yml');
  const { on, jobs } = parse(readFileSync(file, 'utf8'));
  expect(on.push).toEqual({ branches: ['main'] });
  expect(on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \* \* \* \*$/) }]); // more often than a plan gets too old
  expect(jobs.mark).toMatchObject({
    if: "${{ github.event_name != 'merge_group' }}",
    permissions: { contents: 'read', 'pull-requests': 'write', statuses: 'write' },
    steps: [{ uses: expect.stringMatching(/^actions\/checkout@/) }, { uses: './actions/mark-stale-plans' }],
  });
  expect(on.merge_group).toEqual({ branches: ['main'], types: ['checks_requested'] });
  expect(jobs.queue).toMatchObject({
    permissions: { contents: 'read', 'pull-requests': 'read', statuses: 'write' },
    steps: [{ with: { ref: '${{ github.event.merge_group.base_ref }}' } }, { uses: './actions/judge-merge-group' }],
  });
});
