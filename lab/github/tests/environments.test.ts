import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
let reviewer: ReturnType<typeof getOctokit>;
const clientOf = (token: string) => getOctokit(token, { baseUrl: `${github.url}/api/v3` });

beforeAll(async () => {
  lab = await openLab({ progress: silentProgress });
  const act = join(import.meta.dirname, 'fake-act.sh');
  chmodSync(act, 0o755);
  github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
  github.requireReviewers('aws', ['monalisa']);
  reviewer = clientOf(github.addPerson('monalisa', 'write'));
  clone = lab.folder('clone');
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', github.remote);
});
afterEach(() => expect(github.rest.violations).toEqual([]));
afterAll(() => lab.stop());

const git = (...args: string[]) =>
  lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args]);

/** Starts a run with a job of `aws`, one of an environment without reviewers, and one that needs the first. */
async function start(): Promise<RunRecord> {
  mkdirSync(join(clone, '.github/workflows'), { recursive: true });
  const steps = [{ run: 'true' }];
  const jobs = {
    apply: { environment: '${{ matrix.place }}', strategy: { matrix: { place: ['aws'] } }, steps },
    other: { environment: { name: 'staging' }, steps },
    after: { needs: 'apply', steps },
  };
  writeFileSync(join(clone, '.github/workflows/w.yml'), JSON.stringify({ on: 'push', jobs }));
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message', 'a change');
  await git('push', '--quiet', 'origin', 'HEAD:main');
  const run = github.runs.at(-1);
  const isSettled = (): boolean => run?.status === 'waiting' && run.jobs[1]?.status === 'completed';
  for (let count = 0; count < 500 && !isSettled(); count++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (run === undefined) throw new Error('the push started no run');
  return run;
}

const ends = (run: RunRecord) => run.jobs.map(({ id, conclusion, status }) => `${id}: ${conclusion ?? status}`);

async function review(run: RunRecord, state: 'approved' | 'rejected', client = reviewer) {
  const { data } = await client.rest.actions.getPendingDeploymentsForRun({ ...WHERE, run_id: run.id });
  const ids = data.map(({ environment }) => environment.id ?? 0);
  const asked = { ...WHERE, run_id: run.id, environment_ids: ids, state, comment: 'read' };
  return client.rest.actions.reviewPendingDeploymentsForRun(asked);
}

test('a job of a protected environment waits for a reviewer; others do not, and no one else may let it go on', async () => {
  const run = await start();
  expect(ends(run)).toEqual(['apply (aws): waiting', 'other: success', 'after: queued']);
  const { data } = await reviewer.rest.actions.getPendingDeploymentsForRun({ ...WHERE, run_id: run.id });
  expect(data).toMatchObject([
    { environment: { name: 'aws' }, current_user_can_approve: true, reviewers: [{ type: 'User' }] },
  ]);
  const { data: listed } = await reviewer.rest.actions.listWorkflowRunsForRepo({ ...WHERE, status: 'waiting' });
  expect(listed.workflow_runs.map(({ id }) => id)).toEqual([run.id]);
  await expect(review(run, 'approved', clientOf(github.userToken))).rejects.toMatchObject({ status: 422 });
  await review(run, 'approved');
  await github.idle();
  expect(ends(run)).toEqual(['apply (aws): success', 'other: success', 'after: success']);
  await expect(review(run, 'approved')).rejects.toMatchObject({ status: 422 });
});

test('rejected, the job fails without a step; cancelled, it does not wait any more', async () => {
  const run = await start();
  await review(run, 'rejected');
  await github.idle();
  expect(ends(run)).toEqual(['apply (aws): failure', 'other: success', 'after: skipped']);
  expect(run.jobs[0]?.steps).toEqual([]);
  const other = await start();
  await reviewer.rest.actions.cancelWorkflowRun({ ...WHERE, run_id: other.id });
  await github.idle();
  expect(other.conclusion).toBe('cancelled');
});
