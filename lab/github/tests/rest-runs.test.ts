import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, openApi, runOf, WHERE } from '#lab/github/tests/open-api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi();
  api.runs.push(
    runOf({ id: 1, sha: api.second }),
    runOf({ id: 2, sha: api.second, status: 'in_progress', conclusion: undefined }),
  );
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

describe('runs', () => {
  test('runs and their jobs are as they are, newest first', async () => {
    const { rest } = api.job({ actions: 'read' });
    const { data } = await rest.actions.listWorkflowRunsForRepo({ ...WHERE, event: 'push' });
    expect(data.workflow_runs.map((run) => [run.id, run.status, run.conclusion])).toEqual([
      [2, 'in_progress', null],
      [1, 'completed', 'success'],
    ]);
    const only = await rest.actions.listWorkflowRunsForRepo({
      ...WHERE,
      status: 'success',
      branch: 'main',
      head_sha: api.second,
    });
    expect(only.data.total_count).toBe(1);
    expect((await rest.actions.getWorkflowRun({ ...WHERE, run_id: 1 })).data.head_commit?.message).toBe(
      'Second\n\nwith a body',
    );
    const { data: jobs } = await rest.actions.listJobsForWorkflowRun({ ...WHERE, run_id: 1 });
    expect(jobs.jobs.map((job) => [job.name, job.steps?.length])).toEqual([
      ['build', 1],
      ['bump', 0],
    ]);
    await expect(rest.actions.getWorkflowRun({ ...WHERE, run_id: 77 })).rejects.toMatchObject({ status: 404 });
  });
});

describe('dispatches', () => {
  test("a dispatch starts a run, also with a job's token; wrong inputs start none", async () => {
    const { rest } = api.job({ actions: 'write' });
    const { data } = await rest.actions.listRepoWorkflows(WHERE);
    const [workflow] = data.workflows;
    const before = api.runs.length;
    const wanted = { ...WHERE, workflow_id: workflow?.id ?? 0, ref: 'main' };
    expect((await rest.actions.createWorkflowDispatch({ ...wanted, inputs: { image: 'bot' } })).status).toBe(204);
    expect(api.runs).toHaveLength(before + 1);
    const byName = { ...wanted, workflow_id: 'deploy.yml' };
    expect(api.runs.at(-1)?.actor).toBe('github-actions[bot]');
    for (const [inputs, words] of [
      [{}, "Required input 'image' not provided"],
      [{ image: 'bot', colour: 'red' }, 'Unexpected inputs provided: ["colour"]'],
    ] as const)
      await expect(rest.actions.createWorkflowDispatch({ ...byName, inputs })).rejects.toMatchObject({
        status: 422,
        message: expect.stringContaining(words),
      });
    await expect(rest.actions.createWorkflowDispatch({ ...byName, workflow_id: 'ci.yml' })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("Workflow does not have 'workflow_dispatch' trigger"),
    });
    const many = Object.fromEntries(Array.from({ length: 26 }, (_none, index) => [`i${index}`, '']));
    await expect(rest.actions.createWorkflowDispatch({ ...byName, inputs: many })).rejects.toMatchObject({
      status: 422,
    });
    await expect(rest.actions.createWorkflowDispatch({ ...byName, ref: 'no-such' })).rejects.toMatchObject({
      status: 422,
    });
    await expect(rest.actions.createWorkflowDispatch({ ...byName, workflow_id: 'no.yml' })).rejects.toMatchObject({
      status: 404,
    });
    expect(api.runs).toHaveLength(before + 1);
  });

  test('a dispatch tells its run when asked to', async () => {
    const { data, status } = await api.person.request(
      'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
      { ...WHERE, workflow_id: 'deploy.yml', ref: 'main', inputs: { image: 'bot' }, return_run_details: true },
    );
    expect([status, data]).toMatchObject([200, { workflow_run_id: api.runs.length }]);
    expect(api.runs.at(-1)?.actor).toBe('octocat');
  });
});

describe('lists of runs', () => {
  test('the runs of one workflow, by its number or its file', async () => {
    const { rest } = api.person;
    api.runs.push(runOf({ id: api.runs.length + 1, sha: api.first, path: '.github/workflows/ci.yml', workflow: 'CI' }));
    const { data } = await rest.actions.listWorkflowRuns({ ...WHERE, workflow_id: 'ci.yml' });
    expect(data.workflow_runs.map((run) => run.name)).toEqual(['CI']);
    const number = data.workflow_runs[0]?.workflow_id ?? 0;
    expect((await rest.actions.listWorkflowRuns({ ...WHERE, workflow_id: number })).data.total_count).toBe(1);
    await expect(rest.actions.listWorkflowRuns({ ...WHERE, workflow_id: 'no.yml' })).rejects.toMatchObject({
      status: 404,
    });
  });

  test.each([
    ['2026-11-24', true],
    ['>=2026-11-24', true],
    ['>2026-11-24', false],
    ['<2026-11-24', false],
    ['<=2026-11-24', true],
    ['2026-11-01..2026-11-23', false],
    ['2026-11-24T02:59:59Z..*', true],
    ['*..2026-11-24T02:59:58Z', false],
    ['yesterday', false],
  ])('created=%s', async (created, isFound) => {
    const { data } = await api.person.rest.actions.listWorkflowRunsForRepo({ ...WHERE, created, per_page: 1 });
    expect(data.workflow_runs.length > 0).toBe(isFound);
  });

  test('runs come in pages', async () => {
    const { data, headers } = await api.person.rest.actions.listWorkflowRunsForRepo({ ...WHERE, per_page: 1, page: 2 });
    expect(data.workflow_runs.map((run) => run.id)).toEqual([api.runs.length - 1]);
    expect(headers.link).toContain('page=3');
  });
});

describe('one run', () => {
  test('a job has its steps and its log', async () => {
    const { rest } = api.job({ actions: 'read' });
    const { data } = await rest.actions.listJobsForWorkflowRun({ ...WHERE, run_id: 1 });
    const [build, bump] = data.jobs;
    const { data: job } = await rest.actions.getJobForWorkflowRun({ ...WHERE, job_id: build?.id ?? 0 });
    expect(job).toMatchObject({ name: 'build', conclusion: 'success', steps: [{ name: 'Build', number: 1 }] });
    const log = await rest.actions.downloadJobLogsForWorkflowRun({ ...WHERE, job_id: job.id });
    expect(log.data).toBe(
      ['##[group]Run Build', '##[endgroup]', 'one', 'two']
        .map((line) => `2026-11-24T03:00:00.0000000Z ${line}\n`)
        .join(''),
    );
    const path = `/repos/acme/tenant/actions/jobs/${job.id}/logs`;
    const answer = await api.ask(path, { redirect: 'manual' });
    expect([answer.status, await answer.text()]).toEqual([302, '']);
    for (const job_id of [bump?.id ?? 0, 99])
      await expect(rest.actions.downloadJobLogsForWorkflowRun({ ...WHERE, job_id })).rejects.toMatchObject({
        status: 404,
      });
    await expect(rest.actions.getJobForWorkflowRun({ ...WHERE, job_id: 99 })).rejects.toMatchObject({ status: 404 });
  });

  test('a run under way can be cancelled, once', async () => {
    const { rest } = api.job({ actions: 'write' });
    expect((await rest.actions.cancelWorkflowRun({ ...WHERE, run_id: 2 })).status).toBe(202);
    expect((await rest.actions.getWorkflowRun({ ...WHERE, run_id: 2 })).data.conclusion).toBe('cancelled');
    await expect(rest.actions.cancelWorkflowRun({ ...WHERE, run_id: 2 })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('Cannot cancel a workflow run that is completed'),
    });
    await expect(rest.actions.cancelWorkflowRun({ ...WHERE, run_id: 99 })).rejects.toMatchObject({ status: 404 });
  });
});
