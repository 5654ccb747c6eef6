import { describe, expect, test } from '@jest/globals';
import { subjectOf } from '#lab/github/identity/oidc.ts';
import { computePermissions } from '#lab/github/identity/permissions.ts';
import { createTokens, mayAccessContents } from '#lab/github/identity/tokens.ts';
import { createConcurrency } from '#lab/github/runner/concurrency.ts';
import { shouldRun } from '#lab/github/runner/condition.ts';
import { isIncluded, matchesPattern, matchesPush } from '#lab/github/runner/filters.ts';
import { readJobOutputs, writeJobFile } from '#lab/github/runner/job-file.ts';
import {
  fillGroup,
  parseWorkflow,
  readDispatchInputs,
  readWorkflow,
  startsOnPush,
} from '#lab/github/runner/workflow.ts';

describe('filter patterns, as the documentation has them', () => {
  const matching: [string, string][] = [
    ['feature/*', 'feature/my-branch'],
    ['feature/**', 'feature/beta-a/my-branch'],
    ['main', 'main'],
    ['releases/mona-the-octocat', 'releases/mona-the-octocat'],
    ['*', 'main'],
    ['**', 'all/the/branches'],
    ['*feature', 'ver-10-feature'],
    ['v2*', 'v2.0'],
    ['v[12].[0-9]+.[0-9]+', 'v1.10.1'],
    ['**.js', 'src/js/app.js'],
    ['docs/*', 'docs/file.txt'],
    ['docs/**/*.md', 'docs/README.md'],
    ['docs/**/*.md', 'docs/a/markdown/file.md'],
    ['**/docs/**', 'dir/docs/my-file.txt'],
    ['*.jsx?', 'page.js'],
  ];
  test.each(matching)('%s takes %s', (pattern, text) => expect(matchesPattern(pattern, text)).toBe(true));

  const passing: [string, string][] = [
    ['*', 'feature/a'],
    ['docs/*', 'docs/a/file.txt'],
    ['v2*', 'v1.0'],
    ['*.js', 'app.jsx'],
    ['main', 'main2'],
  ];
  test.each(passing)('%s leaves %s', (pattern, text) => expect(matchesPattern(pattern, text)).toBe(false));

  test('a later pattern takes out, a still later one lets in again', () => {
    expect(isIncluded(['releases/**', '!releases/**-alpha'], 'releases/beta/3-alpha')).toBe(false);
    expect(isIncluded(['releases/**', '!releases/**-alpha', 'releases/10-alpha'], 'releases/10-alpha')).toBe(true);
  });

  test('branches and paths must both fit', () => {
    expect(matchesPush({ branches: ['main'], paths: ['app/**'] }, 'main', ['app/a.ts', 'README.md'])).toBe(true);
    expect(matchesPush({ branches: ['main'], paths: ['app/**'] }, 'main', ['README.md'])).toBe(false);
    expect(matchesPush({ 'paths-ignore': ['**.md'] }, 'main', ['README.md'])).toBe(false);
    expect(matchesPush({ 'branches-ignore': ['wip/**'] }, 'wip/a', ['x'])).toBe(false);
  });
});

describe('permissions', () => {
  test('what is not named is none as soon as one is named; the job replaces the workflow', () => {
    expect(computePermissions({}, { contents: 'read' })).toMatchObject({ contents: 'read', idToken: 'none' });
    expect(computePermissions({ contents: 'write' }, undefined)).toMatchObject({ contents: 'write' });
    expect(computePermissions({ contents: 'write' }, {})).toMatchObject({ contents: 'none' });
    expect(computePermissions(undefined, undefined)).toMatchObject({ contents: 'read', idToken: 'none' });
    expect(computePermissions('read-all', undefined)).toMatchObject({ contents: 'read', idToken: 'none' });
  });

  test('a token speaks for its bearer until it is revoked', () => {
    const tokens = createTokens();
    const token = tokens.issue({ kind: 'job', permissions: computePermissions({}, { contents: 'read' }), runId: 1 });
    const header = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
    expect(mayAccessContents(tokens.authenticate(header), 'read')).toBe(true);
    expect(mayAccessContents(tokens.authenticate(header), 'write')).toBe(false);
    expect(mayAccessContents(tokens.authenticate(`bearer ${token}`), 'read')).toBe(true);
    expect(tokens.authenticate('Basic bm9ib2R5OndoYXQ=')).toBeUndefined();
    tokens.revoke(token);
    expect(tokens.authenticate(header)).toBeUndefined();
  });
});

describe('concurrency', () => {
  const single = { group: 'g', queue: 'single' } as const;
  const max = { group: 'g', queue: 'max' } as const;

  test('without a queue one waits, and a newer one takes its place and is named', async () => {
    const { enter } = createConcurrency();
    const [first, second, third] = ['W #1', 'W #2', 'W #3'].map((name) => enter(single, name));
    expect(await first?.turn).toEqual({ isAcquired: true });
    expect(await second?.turn).toEqual({
      isAcquired: false,
      reasons: [
        'Canceling since a higher priority waiting request for g exists',
        'Its place in the queue went to W #3',
      ],
    });
    first?.release();
    expect(await third?.turn).toEqual({ isAcquired: true });
    expect([first, second, third].map((slot) => slot?.isPending)).toEqual([false, true, true]);
  });

  test('with queue: max all wait, in their order', async () => {
    const { enter } = createConcurrency();
    const slots = [1, 2, 3, 4].map((number) => enter(max, `W #${number}`));
    const order: number[] = [];
    const inTurn = slots.map(async (slot, index) => {
      expect(await slot.turn).toEqual({ isAcquired: true });
      order.push(index + 1);
      slot.release();
    });
    await Promise.all(inTurn);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test('of 102 with queue: max one runs, a hundred wait, and the newest is cancelled', async () => {
    const { enter } = createConcurrency();
    const slots = Array.from({ length: 102 }, (_none, index) => enter(max, `W #${index + 1}`));
    expect(await slots.at(-1)?.turn).toEqual({ isAcquired: false, reasons: [expect.stringContaining('is full')] });
    const others = slots.slice(0, -1).map(async (slot) => {
      const { isAcquired } = await slot.turn;
      slot.release();
      return isAcquired;
    });
    expect(new Set(await Promise.all(others))).toEqual(new Set([true]));
  });

  test('groups do not know of one another, a free one is free again, and letter case makes none', async () => {
    const { enter } = createConcurrency();
    const one = enter({ ...single, group: 'prod' }, 'W #1');
    expect(enter({ ...single, group: 'b' }, 'W #2').isPending).toBe(false);
    expect(enter({ ...single, group: 'Prod' }, 'W #3').isPending).toBe(true);
    one.release();
    const { enter: again } = createConcurrency();
    again(single, 'W #1').release();
    expect(again(single, 'W #2').isPending).toBe(false);
  });

  test.each([
    [
      'queue: max with cancel-in-progress',
      { group: 'g', queue: 'max', 'cancel-in-progress': true },
      /exclude each other/,
    ],
    ['a queue of another kind', { group: 'g', queue: 'all' }, /./],
  ])('%s is not valid', (_name, concurrency, words) => {
    const file = (own: object): string => JSON.stringify({ on: 'push', jobs: { one: { steps: [], ...own } } });
    expect(readWorkflow('w.yml', file({ concurrency })).fault).toMatch(words);
    expect(readWorkflow('w.yml', file({ concurrency: { ...concurrency, queue: 'single' } })).fault).toBeUndefined();
  });

  test('the name of a group is filled in; what cannot be is said', () => {
    const context = { ref: 'refs/heads/main', workflow: 'Deploy', runId: 7, inputs: { environment: 'staging' } };
    expect(fillGroup({ group: 'x-${{ github.ref_name }}-${{inputs.environment}}', queue: 'max' }, context)).toEqual({
      group: 'x-main-staging',
      queue: 'max',
    });
    const matrix = { release: { environment: 'staging', deep: [1] } };
    expect(fillGroup({ group: 'x-${{ matrix.release.environment }}' }, { ...context, matrix }).group).toBe('x-staging');
    expect(() => fillGroup({ group: '${{ github.head_ref || 1 }}' }, context)).toThrow('cannot evaluate');
  });
});

const text = `
name: Deploy
on: {push: {branches: [main], paths-ignore: ['**.md']}, workflow_dispatch: {inputs: {environment: {required: true, type: choice, options: [staging, production]}, note: {default: none}}}}
jobs:
  build:
    outputs: {digest: "\${{ steps.b.outputs.digest }}"}
    steps: [{id: b, run: make}]
  bump:
    needs: build
    permissions: {contents: write}
    concurrency: {group: g, queue: max}
    steps: [{uses: ./actions/bump-overlay, with: {images: "bot=\${{ needs.build.outputs.digest }}\\nx=\${{ needs.build.result }}"}}]
`;

describe('workflows', () => {
  const workflow = parseWorkflow('.github/workflows/deploy.yml', text);

  test('start on the pushes that they name', () => {
    expect(startsOnPush(workflow, 'main', ['app/a.ts'])).toBe(true);
    expect(startsOnPush(workflow, 'main', ['a.md'])).toBe(false);
    expect(startsOnPush(workflow, 'other', ['app/a.ts'])).toBe(false);
  });

  test('take inputs as they declare them', () => {
    expect(readDispatchInputs(workflow, { environment: 'staging' })).toEqual({ environment: 'staging', note: 'none' });
    expect(() => readDispatchInputs(workflow, {})).toThrow("Required input 'environment' not provided");
    expect(() => readDispatchInputs(workflow, { environment: 'moon' })).toThrow('not in the list of allowed values');
    expect(() => readDispatchInputs(workflow, { environment: 'staging', colour: 'red' })).toThrow(
      'Unexpected inputs provided: ["colour"]',
    );
  });

  test('a job runs alone, with what it needs filled in and quoted', () => {
    const needs = new Map([['build', { result: 'success' as const, outputs: { digest: "it's" } }]]);
    const file = parseWorkflow('x', writeJobFile(workflow, 'bump', needs));
    expect([...file.jobs.keys()]).toEqual(['bump']);
    const [step] = file.jobs.get('bump')?.steps ?? [];
    expect(step?.['with']).toEqual({ images: "bot=${{ 'it''s' }}\nx=${{ 'success' }}" });
    expect(writeJobFile(workflow, 'bump', needs)).not.toMatch(/concurrency|permissions|needs/);
  });

  test('outputs come from the steps, and conditions from the needs', () => {
    const build = workflow.jobs.get('build');
    const bump = workflow.jobs.get('bump');
    if (build === undefined || bump === undefined) throw new Error('the sample has both jobs');
    expect(readJobOutputs(build, new Map([['b.digest', 'sha256:1']]))).toEqual({ digest: 'sha256:1' });
    expect(shouldRun(bump, new Map([['build', { result: 'failure', outputs: {} }]]))).toBe(false);
    expect(
      shouldRun({ ...bump, if: '${{ always() }}' }, new Map([['build', { result: 'failure', outputs: {} }]])),
    ).toBe(true);
    expect(() => shouldRun({ ...bump, if: "github.ref == 'x'" }, new Map())).toThrow('cannot evaluate');
  });
});

test('the subject of a job carries the ids, and its environment or its ref', () => {
  const identity = {
    repository: 'acme/tenant',
    ownerId: '1',
    repositoryId: '2',
    ref: 'refs/heads/main',
    sha: '',
    workflow: '',
    workflowPath: '',
    event: 'push',
    actor: '',
    runId: 1,
  };
  expect(subjectOf(identity)).toBe('repo:acme@1/tenant@2:ref:refs/heads/main');
  expect(subjectOf({ ...identity, environment: 'production' })).toBe('repo:acme@1/tenant@2:environment:production');
  expect(subjectOf({ ...identity, event: 'pull_request' })).toBe('repo:acme@1/tenant@2:pull_request');
});
