import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { OPERATIONS } from '#lab/github/openapi/operations.ts';
import { RIGHTS } from '#lab/github/rest/rights.ts';
import { readDescription } from '#lab/github/rest/schema.ts';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';

const described = z.object({ method: z.string(), path: z.string() });
const refusal = z.object({ message: z.string().optional() });
const description = z
  .object({ operations: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '..', 'openapi', 'github.json'), 'utf8')));
/** What paths are filled with; everything else is a number. */
const FILLED: Readonly<Record<string, string>> = { '{owner}': 'acme', '{repo}': 'tenant', '{ref}': 'heads/main' };

let api: Api;

beforeAll(async () => {
  api = await openApi();
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

describe('commit statuses', () => {
  test('what is created is listed, and the newest of each context is combined', async () => {
    const { rest } = api.job({ statuses: 'write', contents: 'read' });
    for (const state of ['pending', 'success'] as const) {
      const { data } = await rest.repos.createCommitStatus({
        ...WHERE,
        sha: api.second,
        state,
        context: 'slipway/production',
      });
      expect(data).toMatchObject({ state, context: 'slipway/production', creator: { login: 'github-actions[bot]' } });
    }
    const { data: list } = await rest.repos.listCommitStatusesForRef({ ...WHERE, ref: api.second });
    expect(list.map((status) => status.state)).toEqual(['success', 'pending']);
    const { data: combined } = await rest.repos.getCombinedStatusForRef({ ...WHERE, ref: 'main' });
    expect(combined).toMatchObject({ state: 'success', total_count: 1, sha: api.second });
  });

  test('a branch with a slash is a ref as well', async () => {
    const { data } = await api.person.rest.repos.getCombinedStatusForRef({ ...WHERE, ref: 'team/topic' });
    expect(data).toMatchObject({ state: 'pending', total_count: 0, sha: api.first });
  });

  test('nothing is said of a commit that is not there, nor in a word that GitHub lacks', async () => {
    const { rest } = api.person;
    await expect(
      rest.repos.createCommitStatus({ ...WHERE, sha: '0'.repeat(40), state: 'success' }),
    ).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('No commit found for SHA'),
    });
    await expect(
      rest.repos.createCommitStatus({ ...WHERE, sha: api.second, state: 'green' as 'success' }),
    ).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('is not a member of ["error", "failure", "pending", "success"]'),
    });
    await expect(rest.repos.getCombinedStatusForRef({ ...WHERE, ref: 'no-such' })).rejects.toMatchObject({
      status: 404,
    });
  });

  test('lists come in pages with links', async () => {
    const { rest, paginate } = api.person;
    for (let count = 0; count < 7; count++)
      await rest.repos.createCommitStatus({ ...WHERE, sha: api.first, state: 'success', context: `check ${count}` });
    const page = await rest.repos.listCommitStatusesForRef({ ...WHERE, ref: api.first, per_page: 3, page: 2 });
    expect(page.data.map((status) => status.context)).toEqual(['check 3', 'check 2', 'check 1']);
    for (const rel of ['prev', 'next', 'last', 'first']) expect(page.headers.link).toContain(`rel="${rel}"`);
    const all = await paginate(rest.repos.listCommitStatusesForRef, { ...WHERE, ref: api.first, per_page: 3 });
    expect(all).toHaveLength(7);
  });
});

describe('deployments', () => {
  test('a success makes the older one of its environment inactive, except in production', async () => {
    const { rest } = api.job({ deployments: 'write', contents: 'read' });
    const deploy = async (ref: string, environment: string): Promise<number> => {
      const payload = { image: 'bot' };
      const wanted = { ...WHERE, ref, environment, required_contexts: [], payload };
      const { data, status } = await rest.repos.createDeployment(wanted);
      if (status !== 201 || !('id' in data)) throw new Error('no deployment');
      expect(data.production_environment).toBe(environment === 'production');
      const environment_url = 'https://bot.example';
      const done = { ...WHERE, deployment_id: data.id, state: 'success' as const, environment_url };
      const { data: told } = await rest.repos.createDeploymentStatus(done);
      const { data: read } = await rest.repos.getDeploymentStatus({ ...done, status_id: told.id });
      expect(read).toMatchObject({ id: told.id, state: 'success', environment_url });
      return data.id;
    };
    const states = async (deployment_id: number): Promise<string[]> =>
      (await rest.repos.listDeploymentStatuses({ ...WHERE, deployment_id })).data.map((status) => status.state);
    const older = await deploy('team/topic', 'staging');
    const live = await deploy('team/topic', 'production');
    const newer = await deploy('main', 'staging');
    await deploy('main', 'production');
    expect(await states(older)).toEqual(['inactive', 'success']);
    expect(await states(newer)).toEqual(['success']);
    expect(await states(live)).toEqual(['success']);
    const { data: found } = await rest.repos.listDeployments({ ...WHERE, environment: 'staging', sha: api.second });
    expect(found.map(({ id }) => id)).toEqual([newer]);
    expect((await rest.repos.getDeployment({ ...WHERE, deployment_id: older })).data).toMatchObject({ sha: api.first });
    for (const status_id of [1, 99])
      await expect(rest.repos.getDeploymentStatus({ ...WHERE, deployment_id: 99, status_id })).rejects.toMatchObject({
        status: 404,
      });
  });

  test('a commit with a failed check is not deployed, unless nothing is required', async () => {
    const { rest } = api.person;
    await rest.repos.createCommitStatus({ ...WHERE, sha: api.first, state: 'failure', context: 'ci' });
    await expect(rest.repos.createDeployment({ ...WHERE, ref: api.first })).rejects.toMatchObject({ status: 409 });
    expect((await rest.repos.createDeployment({ ...WHERE, ref: api.first, required_contexts: [] })).status).toBe(201);
    await expect(rest.repos.createDeployment({ ...WHERE, ref: 'no-such' })).rejects.toMatchObject({ status: 422 });
    await expect(rest.repos.getDeployment({ ...WHERE, deployment_id: 999 })).rejects.toMatchObject({ status: 404 });
  });
});

describe('who may what', () => {
  test.each([
    [
      'a status',
      () =>
        api.job({ statuses: 'read' }).rest.repos.createCommitStatus({ ...WHERE, sha: api.second, state: 'success' }),
    ],
    ['a deployment', () => api.job({ contents: 'write' }).rest.repos.createDeployment({ ...WHERE, ref: 'main' })],
    [
      'a reference',
      () => api.job({ contents: 'read' }).rest.git.createRef({ ...WHERE, ref: 'refs/heads/x', sha: api.first }),
    ],
    [
      'a dispatch',
      () =>
        api.job({ actions: 'read' }).rest.actions.createWorkflowDispatch({
          ...WHERE,
          workflow_id: 'deploy.yml',
          ref: 'main',
        }),
    ],
    ['a list of runs', () => api.job({ contents: 'write' }).rest.actions.listWorkflowRunsForRepo(WHERE)],
  ])('%s needs its right', async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('Resource not accessible by integration'),
    });
  });

  test('without a token, with a wrong one, in another repository: nothing', async () => {
    await expect(api.client('ghp_wrong').rest.git.getRef({ ...WHERE, ref: 'heads/main' })).rejects.toMatchObject({
      status: 401,
    });
    await expect(api.person.rest.git.getRef({ owner: 'acme', repo: 'other', ref: 'heads/main' })).rejects.toMatchObject(
      { status: 404 },
    );
    expect((await api.ask('/repos/acme/tenant/deployments', { headers: { authorization: '' } })).status).toBe(401);
    expect((await api.ask('/nothing/here')).status).toBe(404);
    expect((await api.ask('/repos/acme/tenant/deployments', { method: 'POST', body: '{' })).status).toBe(400);
    expect((await api.ask('/repos/acme/tenant/actions/runs/x')).status).toBe(422);
  });

  test.each(OPERATIONS)('%s is there, and asks for its right', async (id) => {
    const { method, path } = described.parse(description.operations[id]);
    const token = api.tokenOf({ 'id-token': 'write' });
    const answer = await api.ask(
      path.replace(/\{\w+\}/g, (name) => FILLED[name] ?? '1'),
      {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${token}` },
      },
    );
    const { message } = refusal.parse(await answer.json());
    expect([answer.status, message]).toEqual(
      RIGHTS[id] === 'metadata' ? [200, undefined] : [403, 'Resource not accessible by integration'],
    );
  });
});

describe('what every answer carries', () => {
  test('errors have the form of GitHub, and say where to read', async () => {
    const answer = await api.ask('/repos/acme/tenant/git/refs', { method: 'POST', body: '{"ref": 1}' });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toEqual({
      message: "Invalid request.\n\n\"sha\" wasn't supplied.\nFor 'properties/ref', 1 is not a string.",
      errors: [
        { code: 'missing_field', field: 'sha' },
        { code: 'invalid', field: 'ref' },
      ],
      documentation_url: 'https://docs.github.com/rest/git/refs#create-a-reference',
      status: '422',
    });
  });

  test('requests are counted, and refused when an hour has had enough of them', async () => {
    api.reopen({ limits: { user: 3, job: 1 } });
    const ask = async (): Promise<(number | string | null)[]> => {
      const answer = await api.ask('/repos/acme/tenant');
      return [answer.status, answer.headers.get('x-ratelimit-remaining'), answer.headers.get('x-ratelimit-used')];
    };
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([
      [200, '2', '1'],
      [200, '1', '2'],
      [200, '0', '3'],
      [403, '0', '3'],
    ]);
    const job = api.job({});
    expect((await job.rest.repos.get(WHERE)).headers['x-ratelimit-limit']).toBe('1');
    await expect(job.rest.repos.get(WHERE)).rejects.toMatchObject({ message: expect.stringContaining('rate limit') });
    // all jobs of the repository share one hour
    await expect(api.job({}).rest.repos.get(WHERE)).rejects.toMatchObject({ status: 403 });
    api.reopen();
  });

  test('who has an answer already gets 304, which costs nothing', async () => {
    const first = await api.ask('/repos/acme/tenant');
    const etag = first.headers.get('etag') ?? '';
    const second = await api.ask('/repos/acme/tenant', { headers: { 'if-none-match': etag } });
    expect([second.status, await second.text()]).toEqual([304, '']);
    expect(second.headers.get('x-ratelimit-used')).toBe(first.headers.get('x-ratelimit-used'));
    expect((await api.ask('/repos/acme/tenant', { headers: { 'if-none-match': 'W/"other"' } })).status).toBe(200);
  });

  test('who does not say who they are is not heard', async () => {
    const { port, hostname } = new URL(api.url);
    const status = await new Promise((resolve, reject) => {
      const path = '/api/v3/repos/acme/tenant';
      get({ hostname, port, path, headers: { authorization: `Bearer ${api.token}` } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(403);
  });
});

describe('the published description', () => {
  test('an answer that it does not allow is caught, told and kept', async () => {
    api.reopen({ handlers: { 'git/get-ref': () => ({ status: 200, body: { ref: 'refs/heads/main' } }) } });
    await expect(api.person.rest.git.getRef({ ...WHERE, ref: 'heads/main' })).rejects.toMatchObject({ status: 500 });
    expect(api.rest.violations).toEqual([expect.stringContaining("must have required property 'node_id'")]);
    api.reopen({ handlers: { 'git/get-ref': () => ({ status: 418, body: {} }) } });
    await expect(api.person.rest.git.getRef({ ...WHERE, ref: 'heads/main' })).rejects.toMatchObject({ status: 500 });
    expect(api.rest.violations).toEqual(['git/get-ref never answers 418']);
    api.reopen({
      handlers: { 'git/create-blob': () => ({ status: 201, body: { sha: 'x', url: 'https://x.example' } }) },
    });
    const blob = api.person.rest.git.createBlob({ ...WHERE, content: 'x' });
    await expect(blob).rejects.toMatchObject({ status: 500 });
    expect(api.rest.violations).toEqual(['git/create-blob, 201: the header location is missing']);
    api.reopen({
      handlers: {
        'git/get-ref': () => {
          throw new Error('a bug of ours');
        },
      },
    });
    await expect(api.person.rest.git.getRef({ ...WHERE, ref: 'heads/main' })).rejects.toMatchObject({ status: 500 });
    expect(api.rest.violations).toEqual([expect.stringContaining('a bug of ours')]);
    api.reopen();
  });

  test('a path finds its operation', () => {
    const description = readDescription();
    const found = description.find('GET', '/repos/acme/tenant/commits/a%2Fb/status');
    expect(found).toMatchObject({ id: 'repos/get-combined-status-for-ref', path: { ref: 'a/b' } });
    expect(description.find('GET', '/repos/acme/tenant/commits/%zz/status')?.path['ref']).toBe('%zz');
    expect(description.find('PUT', '/repos/acme/tenant/commits/a/status')).toBeUndefined();
  });
});
