import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';

const WHERE = { owner: 'acme', repo: 'sample' };

let lab: Lab;
let github: GitHub;
let clone: string;
let mona: ReturnType<typeof getOctokit>;

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  const act = join(import.meta.dirname, 'fake-act.sh');
  chmodSync(act, 0o755);
  github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
  mona = getOctokit(github.addPerson('mona', 'write'), { baseUrl: `${github.url}/api/v3` });
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
});
afterEach(() => expect(github.rest.violations).toEqual([]));
afterAll(() => lab.stop());

const git = async (...args: string[]): Promise<string> =>
  (
    await lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args])
  ).stdout.toString();

/** Pushes a workflow with two jobs to main and returns the run that it started. */
async function push(script: string): Promise<RunRecord> {
  const path = join(clone, '.github/workflows/w.yml');
  mkdirSync(dirname(path), { recursive: true });
  const jobs = { one: { steps: [{ run: script }] }, two: { needs: 'one', steps: [{ run: 'true' }] } };
  writeFileSync(path, JSON.stringify({ name: 'W', on: 'push', jobs }));
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'a change');
  await git('push', '--quiet', 'origin', 'HEAD:main');
  const last = github.runs.at(-1);
  if (last === undefined) throw new Error('the push started no run');
  return last;
}

const logOf = (run: RunRecord): string => run.jobs.flatMap((job) => job.steps.flatMap((step) => step.log)).join('\n');
const rerun = (run: { readonly id: number }) => mona.rest.actions.reRunWorkflow({ ...WHERE, run_id: run.id });
const FACTS =
  'echo "run $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT by $GITHUB_TRIGGERING_ACTOR of $(git rev-parse refs/heads/main)"';

test('a re-run is the next attempt of the same run: its commit and its workflow, whatever was pushed since', async () => {
  const first = await push(`${FACTS}; echo first; test "$GITHUB_RUN_ATTEMPT" = 2`);
  await github.idle();
  expect([first.conclusion, first.jobs.map(({ conclusion }) => conclusion)]).toEqual([
    'failure',
    ['failure', 'skipped'],
  ]);
  const second = await push(`${FACTS}; echo second`);
  await github.idle();
  const said = logOf(second);
  expect((await rerun(first)).status).toBe(201);
  await github.idle();
  expect(logOf(first)).toBe(`run ${first.id}.2 by mona of ${first.sha}\nfirst`);
  expect(first).toMatchObject({ conclusion: 'success', actor: 'octocat', triggeringActor: 'mona', attempt: 2 });
  expect(first.jobs.map(({ conclusion }) => conclusion)).toEqual(['success', 'success']);
  // what came later is as it was
  expect([github.runs.at(-1), logOf(second)]).toEqual([second, said]);
  const { data } = await mona.rest.actions.getWorkflowRun({ ...WHERE, run_id: first.id });
  expect([data.run_attempt, data.actor?.login, data.triggering_actor?.login, data.head_sha]).toEqual([
    ...[2, 'octocat', 'mona', first.sha],
  ]);
  const { data: listed } = await mona.rest.actions.listJobsForWorkflowRun({ ...WHERE, run_id: first.id });
  expect(listed.jobs.map(({ name, run_attempt }) => [name, run_attempt])).toEqual([
    ['one', 2],
    ['two', 2],
  ]);
});

test('what is under way is not run again, nor what is not there', async () => {
  const run = await push('sleep 1');
  await expect(rerun(run)).rejects.toMatchObject({ status: 403, message: expect.stringContaining('already running') });
  await github.idle();
  expect(run).toMatchObject({ conclusion: 'success', attempt: 1 });
  await expect(rerun({ id: 77 })).rejects.toMatchObject({ status: 404 });
});
