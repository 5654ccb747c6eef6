import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createExec } from '#core/exec.ts';
import { computePermissions } from '#lab/github/permissions.ts';
import type { Handlers } from '#lab/github/rest/call.ts';
import { API_ROOT, createRest, type Rest } from '#lab/github/rest/rest.ts';
import { readDescription } from '#lab/github/rest/schema.ts';
import type { RunRecord } from '#lab/github/runs.ts';
import { createTokens } from '#lab/github/tokens.ts';
import { parseWorkflow } from '#lab/github/workflow.ts';

const WORKFLOW = `name: Deploy
on: {push: {branches: [main]}, workflow_dispatch: {inputs: {image: {required: true}}}}
jobs: {build: {steps: [{run: "true"}]}}
`;
const where = { owner: 'acme', repo: 'tenant' };

let root: string;
let bare: string;
let first: string;
let second: string;
let server: Server;
let url: string;
let rest: Rest;
const tokens = createTokens();
const runs: RunRecord[] = [];
const moves: string[] = [];
const user = tokens.issue({ kind: 'user', login: 'octocat' });

/** A client with a job's rights. */
function jobClient(permissions: Record<string, string>): ReturnType<typeof getOctokit> {
  return client(tokens.issue({ kind: 'job', permissions: computePermissions({}, permissions), runId: 1 }));
}

function client(token: string): ReturnType<typeof getOctokit> {
  return getOctokit(token, { baseUrl: `${url}${API_ROOT}` });
}

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  return execFileSync('git', ['-C', bare, ...identity, ...args], { encoding: 'utf8' }).trim();
}

async function open(handlers: Handlers = {}): Promise<void> {
  const exec = createExec(process.env);
  rest = createRest(
    {
      repository: 'acme/tenant',
      url,
      api: `${url}${API_ROOT}`,
      runs,
      git: async (args) => {
        const { code, stdout } = await exec(['git', '-C', bare, ...args], { accept: 'any' });
        return { code, text: stdout.toString('utf8') };
      },
      isProtected: (ref) => ref === 'refs/heads/locked',
      moved: async (bearer) => void moves.push(bearer.kind),
      readWorkflows: async () => [parseWorkflow('.github/workflows/deploy.yml', WORKFLOW)],
      dispatch: async (file, inputs, branch) => {
        if (inputs['image'] === undefined) throw new Error(`${file} wants the input image`);
        runs.push(
          runOf({ id: runs.length + 1, event: 'workflow_dispatch', ref: `refs/heads/${branch}`, actor: 'octocat' }),
        );
        return runs.at(-1) ?? runOf({});
      },
      now: () => new Date('2026-11-24T03:00:00Z'),
    },
    tokens,
    handlers,
  );
}

function runOf(parts: Partial<RunRecord>): RunRecord {
  const at = new Date('2026-11-24T03:00:00Z');
  const step = {
    name: 'Build',
    status: 'success' as const,
    startedAt: at,
    milliseconds: 1200,
    log: [] as string[],
    summary: '',
  };
  return {
    id: 1,
    workflow: 'Deploy',
    path: '.github/workflows/deploy.yml',
    event: 'push',
    ref: 'refs/heads/main',
    sha: second,
    title: 'A change',
    actor: 'octocat',
    createdAt: at,
    status: 'completed',
    conclusion: 'success',
    jobs: [
      {
        id: 'build',
        status: 'completed',
        conclusion: 'success',
        steps: [{ ...step }],
        outputs: {},
        startedAt: at,
        endedAt: at,
      },
      {
        id: 'bump',
        status: 'queued',
        conclusion: undefined,
        steps: [],
        outputs: {},
        startedAt: undefined,
        endedAt: undefined,
      },
    ],
    ...parts,
  };
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-rest-'));
  bare = join(root, 'tenant.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  const tree = git('hash-object', '-t', 'tree', '-w', '/dev/null');
  first = git('commit-tree', tree, '-m', 'First');
  second = git('commit-tree', tree, '-p', first, '-m', 'Second\n\nwith a body');
  git('update-ref', 'refs/heads/main', second);
  git('update-ref', 'refs/heads/team/topic', first);
  git('update-ref', 'refs/heads/locked', first);
  runs.push(runOf({ id: 1 }), runOf({ id: 2, status: 'in_progress', conclusion: undefined }));
  server = createServer((request, response) => void rest.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  await open();
});

afterEach(() => expect(rest.violations).toEqual([]));

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

describe('commit statuses', () => {
  test('what is created is listed, and the newest of each context is combined', async () => {
    const { rest: api } = jobClient({ statuses: 'write', contents: 'read' });
    for (const state of ['pending', 'success'] as const) {
      const { data } = await api.repos.createCommitStatus({
        ...where,
        sha: second,
        state,
        context: 'slipway/production',
      });
      expect(data).toMatchObject({ state, context: 'slipway/production', creator: { login: 'github-actions[bot]' } });
    }
    const { data: list } = await api.repos.listCommitStatusesForRef({ ...where, ref: second });
    expect(list.map((status) => status.state)).toEqual(['success', 'pending']);
    const { data: combined } = await api.repos.getCombinedStatusForRef({ ...where, ref: 'main' });
    expect(combined).toMatchObject({ state: 'success', total_count: 1, sha: second });
  });

  test('a branch with a slash is a ref as well', async () => {
    const { data } = await client(user).rest.repos.getCombinedStatusForRef({ ...where, ref: 'team/topic' });
    expect(data).toMatchObject({ state: 'pending', total_count: 0, sha: first });
  });

  test('nothing is said of a commit that is not there, nor in a word that GitHub lacks', async () => {
    const { rest: api } = client(user);
    await expect(
      api.repos.createCommitStatus({ ...where, sha: '0'.repeat(40), state: 'success' }),
    ).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('No commit found for SHA'),
    });
    await expect(
      api.repos.createCommitStatus({ ...where, sha: second, state: 'green' as 'success' }),
    ).rejects.toMatchObject({ status: 422, message: expect.stringContaining('error, failure, pending, success') });
    await expect(api.repos.getCombinedStatusForRef({ ...where, ref: 'no-such' })).rejects.toMatchObject({
      status: 404,
    });
  });

  test('lists come in pages with links', async () => {
    const { rest: api, paginate } = client(user);
    for (let count = 0; count < 7; count++)
      await api.repos.createCommitStatus({ ...where, sha: first, state: 'success', context: `check ${count}` });
    const page = await api.repos.listCommitStatusesForRef({ ...where, ref: first, per_page: 3, page: 2 });
    expect(page.data.map((status) => status.context)).toEqual(['check 3', 'check 2', 'check 1']);
    for (const rel of ['prev', 'next', 'last', 'first']) expect(page.headers.link).toContain(`rel="${rel}"`);
    const all = await paginate(api.repos.listCommitStatusesForRef, { ...where, ref: first, per_page: 3 });
    expect(all).toHaveLength(7);
  });
});

describe('deployments', () => {
  test('a success makes the older one of its environment inactive', async () => {
    const { rest: api } = jobClient({ deployments: 'write', contents: 'read' });
    const ids: number[] = [];
    for (const ref of ['team/topic', 'main']) {
      const { data, status } = await api.repos.createDeployment({
        ...where,
        ref,
        environment: 'production',
        required_contexts: [],
        payload: { image: 'bot' },
      });
      expect(status).toBe(201);
      if (!('id' in data)) throw new Error('no deployment');
      ids.push(data.id);
      await api.repos.createDeploymentStatus({
        ...where,
        deployment_id: data.id,
        state: 'success',
        environment_url: 'https://bot.example',
      });
    }
    const [older = 0, newer = 0] = ids;
    const states = async (deployment_id: number): Promise<string[]> =>
      (await api.repos.listDeploymentStatuses({ ...where, deployment_id })).data.map((status) => status.state);
    expect(await states(older)).toEqual(['inactive', 'success']);
    expect(await states(newer)).toEqual(['success']);
    const { data: found } = await api.repos.listDeployments({ ...where, environment: 'production', sha: second });
    expect(found.map(({ id }) => id)).toEqual([newer]);
    expect((await api.repos.getDeployment({ ...where, deployment_id: older })).data).toMatchObject({ sha: first });
  });

  test('a commit with a failed check is not deployed, unless nothing is required', async () => {
    const { rest: api } = client(user);
    await api.repos.createCommitStatus({ ...where, sha: first, state: 'failure', context: 'ci' });
    await expect(api.repos.createDeployment({ ...where, ref: first })).rejects.toMatchObject({ status: 409 });
    expect((await api.repos.createDeployment({ ...where, ref: first, required_contexts: [] })).status).toBe(201);
    await expect(api.repos.createDeployment({ ...where, ref: 'no-such' })).rejects.toMatchObject({ status: 422 });
    await expect(api.repos.getDeployment({ ...where, deployment_id: 999 })).rejects.toMatchObject({ status: 404 });
  });
});

describe('runs', () => {
  test('runs and their jobs are as they are, newest first', async () => {
    const { rest: api } = jobClient({ actions: 'read' });
    const { data } = await api.actions.listWorkflowRunsForRepo({ ...where, event: 'push' });
    expect(data.workflow_runs.map((run) => [run.id, run.status, run.conclusion])).toEqual([
      [2, 'in_progress', null],
      [1, 'completed', 'success'],
    ]);
    const only = await api.actions.listWorkflowRunsForRepo({
      ...where,
      status: 'success',
      branch: 'main',
      head_sha: second,
    });
    expect(only.data.total_count).toBe(1);
    expect((await api.actions.getWorkflowRun({ ...where, run_id: 1 })).data.head_commit?.message).toBe(
      'Second\n\nwith a body',
    );
    const { data: jobs } = await api.actions.listJobsForWorkflowRun({ ...where, run_id: 1 });
    expect(jobs.jobs.map((job) => [job.name, job.steps?.length])).toEqual([
      ['build', 1],
      ['bump', 0],
    ]);
    await expect(api.actions.getWorkflowRun({ ...where, run_id: 77 })).rejects.toMatchObject({ status: 404 });
  });

  test("a dispatch starts a run, also with a job's token; wrong inputs start none", async () => {
    const { rest: api } = jobClient({ actions: 'write' });
    const { data } = await api.actions.listRepoWorkflows(where);
    const [workflow] = data.workflows;
    const before = runs.length;
    const wanted = { ...where, workflow_id: workflow?.id ?? 0, ref: 'main' };
    expect((await api.actions.createWorkflowDispatch({ ...wanted, inputs: { image: 'bot' } })).status).toBe(204);
    expect(runs).toHaveLength(before + 1);
    const byName = { ...wanted, workflow_id: 'deploy.yml' };
    await expect(api.actions.createWorkflowDispatch(byName)).rejects.toMatchObject({ status: 422 });
    await expect(api.actions.createWorkflowDispatch({ ...byName, ref: 'no-such' })).rejects.toMatchObject({
      status: 422,
    });
    await expect(api.actions.createWorkflowDispatch({ ...byName, workflow_id: 'no.yml' })).rejects.toMatchObject({
      status: 404,
    });
    expect(runs).toHaveLength(before + 1);
  });
});

describe('references', () => {
  const ref = 'refs/heads/made/here';

  test('created, read, moved forward and deleted, in the real repository', async () => {
    const { rest: api } = jobClient({ contents: 'write' });
    await api.git.createRef({ ...where, ref, sha: first });
    expect(git('rev-parse', ref)).toBe(first);
    await expect(api.git.createRef({ ...where, ref, sha: first })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('already exists'),
    });
    await api.git.updateRef({ ...where, ref: 'heads/made/here', sha: second });
    expect((await api.git.getRef({ ...where, ref: 'heads/made/here' })).data.object).toMatchObject({
      type: 'commit',
      sha: second,
    });
    await expect(api.git.updateRef({ ...where, ref: 'heads/made/here', sha: first })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('not a fast forward'),
    });
    await api.git.updateRef({ ...where, ref: 'heads/made/here', sha: first, force: true });
    expect((await api.git.listMatchingRefs({ ...where, ref: 'heads/made' })).data).toHaveLength(1);
    await api.git.deleteRef({ ...where, ref: 'heads/made/here' });
    await expect(api.git.getRef({ ...where, ref: 'heads/made/here' })).rejects.toMatchObject({ status: 404 });
    expect(moves).toEqual(['job', 'job', 'job']);
  });

  test.each(['refs/heads', 'heads/x', 'refs/heads/a..b', 'refs/heads/-\n'])('%j is no name', async (name) => {
    await expect(client(user).rest.git.createRef({ ...where, ref: name, sha: first })).rejects.toMatchObject({
      status: 422,
    });
  });

  test('a protected branch refuses a job and takes a person', async () => {
    const { rest: api } = jobClient({ contents: 'write' });
    const wanted = { ...where, ref: 'heads/locked', sha: second };
    await expect(api.git.updateRef(wanted)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('GH006'),
    });
    expect(git('rev-parse', 'refs/heads/locked')).toBe(first);
    await client(user).rest.git.updateRef(wanted);
    expect(git('rev-parse', 'refs/heads/locked')).toBe(second);
  });

  test('a commit is read whole', async () => {
    const { data } = await client(user).rest.git.getCommit({ ...where, commit_sha: second });
    expect(data).toMatchObject({
      sha: second,
      message: 'Second\n\nwith a body',
      parents: [{ sha: first }],
      author: { name: 'A' },
    });
    for (const commit_sha of ['main', '--help', '0'.repeat(40)])
      await expect(client(user).rest.git.getCommit({ ...where, commit_sha })).rejects.toMatchObject({ status: 404 });
  });
});

describe('who may what', () => {
  test.each([
    [
      'a status',
      () => jobClient({ statuses: 'read' }).rest.repos.createCommitStatus({ ...where, sha: second, state: 'success' }),
    ],
    ['a deployment', () => jobClient({ contents: 'write' }).rest.repos.createDeployment({ ...where, ref: 'main' })],
    [
      'a reference',
      () => jobClient({ contents: 'read' }).rest.git.createRef({ ...where, ref: 'refs/heads/x', sha: first }),
    ],
    [
      'a dispatch',
      () =>
        jobClient({ actions: 'read' }).rest.actions.createWorkflowDispatch({
          ...where,
          workflow_id: 'deploy.yml',
          ref: 'main',
        }),
    ],
    ['a list of runs', () => jobClient({ contents: 'write' }).rest.actions.listWorkflowRunsForRepo(where)],
  ])('%s needs its right', async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('Resource not accessible by integration'),
    });
  });

  test('without a token, with a wrong one, in another repository: nothing', async () => {
    await expect(client('ghp_wrong').rest.git.getRef({ ...where, ref: 'heads/main' })).rejects.toMatchObject({
      status: 401,
    });
    await expect(
      client(user).rest.git.getRef({ owner: 'acme', repo: 'other', ref: 'heads/main' }),
    ).rejects.toMatchObject({ status: 404 });
    expect((await fetch(`${url}${API_ROOT}/repos/acme/tenant/deployments`)).status).toBe(401);
    const header = { authorization: `Bearer ${user}` };
    expect((await fetch(`${url}${API_ROOT}/nothing/here`, { headers: header })).status).toBe(404);
    const body = await fetch(`${url}${API_ROOT}/repos/acme/tenant/deployments`, {
      method: 'POST',
      headers: header,
      body: '{',
    });
    expect(body.status).toBe(400);
    const numbers = await fetch(`${url}${API_ROOT}/repos/acme/tenant/actions/runs/x`, { headers: header });
    expect(numbers.status).toBe(422);
  });
});

describe('the published description', () => {
  test('an answer that it does not allow is caught, told and kept', async () => {
    await open({ 'git/get-ref': () => ({ status: 200, body: { ref: 'refs/heads/main' } }) });
    await expect(client(user).rest.git.getRef({ ...where, ref: 'heads/main' })).rejects.toMatchObject({ status: 500 });
    expect(rest.violations).toEqual([expect.stringContaining("must have required property 'node_id'")]);
    await open({ 'git/get-ref': () => ({ status: 418, body: {} }) });
    await expect(client(user).rest.git.getRef({ ...where, ref: 'heads/main' })).rejects.toMatchObject({ status: 500 });
    expect(rest.violations).toEqual(['git/get-ref never answers 418']);
    await open();
  });

  test('a path finds its operation', () => {
    const description = readDescription();
    const found = description.find('GET', '/repos/acme/tenant/commits/a%2Fb/status');
    expect(found).toMatchObject({ id: 'repos/get-combined-status-for-ref', path: { ref: 'a/b' } });
    expect(description.find('GET', '/repos/acme/tenant/commits/%zz/status')?.path['ref']).toBe('%zz');
    expect(description.find('PUT', '/repos/acme/tenant/commits/a/status')).toBeUndefined();
  });
});
