import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import { evaluate, type Value } from '#lab/github/runner/expression.ts';
import { expandMatrix, nameCombination } from '#lab/github/runner/matrix.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';

describe('expressions, as the documentation has them', () => {
  const values = {
    github: { ref: 'refs/heads/main', event: { number: 7 } },
    needs: {
      plan: { result: 'success', outputs: { stacks: '["aws","bootstrap"]', any: 'false' } },
      x: { result: 'skipped' },
    },
  };
  const cases: [string, Value][] = [
    ["github.ref == 'REFS/heads/main'", true],
    ["needs.plan.outputs.any == 'true'", false],
    ['needs.plan.outputs.any', 'false'],
    ["needs.plan.outputs.absent || 'none'", 'none'],
    ["needs.plan.result == 'success' && github.event.number > 6", true],
    ['!(github.event.number != 7)', true],
    ['fromJSON(needs.plan.outputs.stacks)[1]', 'bootstrap'],
    ["contains(fromJSON(needs.plan.outputs.stacks), 'aws')", true],
    ["contains(needs.*.result, 'skipped')", true],
    ["needs['plan'].result", 'success'],
    ["startsWith(github.ref, 'refs/heads/')", true],
    ["endsWith('it''s', 's')", true],
    ["format('{0}-{1}', 'a', github.event.number)", 'a-7'],
    ["join(fromJSON('[1,2]'), '+')", '1+2'],
    ['toJSON(fromJSON(\'{"a":1}\'))', '{\n  "a": 1\n}'],
    ["'' || null", null],
    ["'7' == 7", true],
  ];
  test.each(cases)('%s', (expression, expected) => expect(evaluate(expression, { values })).toEqual(expected));

  test.each(['github.absent', "hashFiles('x')", 'a ==', '(true', 'secrets.TOKEN', '"a"'])(
    '%s is refused',
    (expression) => expect(() => evaluate(expression, { values })).toThrow('cannot evaluate'),
  );
});

describe('combinations', () => {
  const combinationsOf = (matrix: unknown, values: Record<string, Value> = {}) =>
    expandMatrix({ matrix }, { values }).combinations;

  test('lists are crossed, taken out, and added to', () => {
    expect(combinationsOf({ a: [1, 2], b: ['x', 'y'], exclude: [{ a: 2, b: 'y' }] })).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
    ]);
    expect(combinationsOf({ a: [1, 2], include: [{ a: 1, extra: 'e' }, { a: 3 }] })).toEqual([
      { a: 1, extra: 'e' },
      { a: 2 },
      { a: 3 },
    ]);
    expect(combinationsOf({ include: [{ stack: 'aws' }] })).toEqual([{ stack: 'aws' }]);
  });

  test('a list comes from an output of a job, or the whole matrix does', () => {
    const needs = { plan: { result: 'success', outputs: { list: '["aws"]', all: '{"include":[{"stack":"aws"}]}' } } };
    expect(combinationsOf({ stack: '${{ fromJSON(needs.plan.outputs.list) }}' }, { needs })).toEqual([
      { stack: 'aws' },
    ]);
    expect(combinationsOf('${{ fromJSON(needs.plan.outputs.all) }}', { needs })).toEqual([{ stack: 'aws' }]);
  });

  test('an empty list is an error, as on GitHub', () => {
    expect(() => combinationsOf({ stack: [] })).toThrow("Matrix vector 'stack' does not contain any values");
    expect(() => combinationsOf({ include: [] })).toThrow('Matrix must define at least one vector');
  });

  test('a name has the values of the combination', () =>
    expect(nameCombination('plan', { stack: 'aws', at: { region: 'eu' } })).toBe('plan (aws, eu)'));
});

describe('jobs of a matrix', () => {
  let lab: Lab;
  let github: GitHub;
  let clone: string;
  const WHERE = { owner: 'acme', repo: 'sample' };

  beforeAll(async () => {
    lab = await openLab({ progress: silentProgress });
    const act = join(import.meta.dirname, 'fake-act.sh');
    chmodSync(act, 0o755);
    github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
    clone = lab.folder('clone');
    await git('init', '--quiet', '--initial-branch=main');
    await git('remote', 'add', 'origin', github.remote);
  });
  afterEach(() => expect(github.rest.violations).toEqual([]));
  afterAll(() => lab.stop());

  const git = (...args: string[]) =>
    lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args]);

  async function run(jobs: object): Promise<RunRecord> {
    mkdirSync(join(clone, '.github/workflows'), { recursive: true });
    writeFileSync(join(clone, '.github/workflows/w.yml'), JSON.stringify({ on: 'push', jobs }));
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', 'a change');
    await git('push', '--quiet', 'origin', 'HEAD:main');
    await github.idle();
    const last = github.runs.at(-1);
    if (last === undefined) throw new Error('the push started no run');
    return last;
  }
  const say = (script: string) => [{ run: script }];
  const ends = (record: RunRecord) => record.jobs.map(({ id, conclusion }) => `${id}: ${conclusion}`);

  test('each combination is a job of its own; what needs the matrix waits for all of them', async () => {
    const record = await run({
      plan: { strategy: { matrix: { stack: ['aws', 'bootstrap'] } }, steps: say('sleep 0.1') },
      named: { name: 'Plan ${{ matrix.stack }}', strategy: { matrix: { stack: ['aws'] } }, steps: say('true') },
      comment: { needs: 'plan', steps: say('true') },
    });
    expect(ends(record)).toEqual([
      'plan (aws): success',
      'plan (bootstrap): success',
      'named (aws): success',
      'comment: success',
    ]);
    const [first, second, , comment] = record.jobs;
    for (const one of [first, second])
      expect((comment?.startedAt ?? 0) >= (one?.endedAt ?? Number.POSITIVE_INFINITY)).toBe(true);
    const client = getOctokit(github.userToken, { baseUrl: `${github.url}/api/v3` });
    const { data } = await client.rest.actions.listJobsForWorkflowRun({ ...WHERE, run_id: record.id });
    expect(data.jobs.map(({ name }) => name)).toEqual(['plan (aws)', 'plan (bootstrap)', 'Plan aws', 'comment']);
    expect(new Set(data.jobs.map(({ id }) => id)).size).toBe(4);
  });

  test('a failure cancels the others and fails the job, where fail-fast does not say otherwise', async () => {
    // the script is the same for all: the first that comes fails
    const script = `mkdir "${lab.folder('first')}/$GITHUB_RUN_ID" && exit 1; sleep 20`;
    const quick = await run({
      plan: { strategy: { matrix: { n: [1, 2] } }, steps: say(script) },
      after: { needs: 'plan', steps: say('true') },
      report: { needs: 'plan', if: "always() && needs.plan.result == 'failure'", steps: say('true') },
    });
    expect(ends(quick).sort().slice(0, 2)).toEqual([
      'after: skipped',
      expect.stringMatching(/plan \(.\): (cancelled|failure)/),
    ]);
    expect(
      ends(quick)
        .filter((word) => word.startsWith('plan'))
        .map((word) => word.split(': ')[1])
        .sort(),
    ).toEqual(['cancelled', 'failure']);
    expect(ends(quick)).toContain('report: success');
    const patient = await run({
      plan: {
        strategy: { matrix: { n: [1, 2, 3] }, 'fail-fast': false, 'max-parallel': 1 },
        steps: say(script.replace('sleep 20', 'true')),
      },
    });
    expect(ends(patient)).toEqual(['plan (1): failure', 'plan (2): success', 'plan (3): success']);
    expect(patient.conclusion).toBe('failure');
    const [one, two] = patient.jobs;
    expect((two?.startedAt ?? 0) >= (one?.endedAt ?? Number.POSITIVE_INFINITY)).toBe(true); // max-parallel
  });

  test("an empty list fails the job in GitHub's words; its `if` comes first", async () => {
    const matrix = { stack: "${{ fromJSON('[]') }}" };
    const record = await run({
      plan: { strategy: { matrix }, steps: say('true') },
      guarded: { if: "github.event_name == 'pull_request'", strategy: { matrix }, steps: say('true') },
      after: { needs: 'guarded', steps: say('true') },
      comment: { needs: ['plan', 'guarded'], if: '${{ !cancelled() }}', steps: say('true') },
      late: { needs: 'comment', steps: say('true') },
    });
    expect(ends(record)).toEqual([
      'plan: failure',
      'guarded: skipped',
      'after: skipped',
      'comment: success',
      'late: skipped',
    ]);
    expect(record.jobs[0]?.annotations).toEqual([
      expect.stringContaining("Matrix vector 'stack' does not contain any values"),
    ]);
  });
});
