import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultArtifactClient } from '@actions/artifact';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { type Api, NOW, openApi, runOf, WHERE } from '#lab/github/tests/open-api.ts';

const client = new DefaultArtifactClient();
const before = { ...process.env };
let api: Api;
let folder: string;
let isRunning = true;

beforeAll(async () => {
  api = await openApi();
});

beforeEach(() => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true); // the client's commentary
  folder = mkdtempSync(join(tmpdir(), 'slipway-artifacts-'));
  isRunning = true;
  api.runs.splice(0, api.runs.length, runOf({ id: 1, sha: api.second }), runOf({ id: 2, sha: api.second }));
  enter(1, 'plan');
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
  process.env = before;
  expect(api.rest.violations).toEqual([]);
});

afterAll(() => api.close());

/** From now on, the client is in this job. */
function enter(run: number, job: string): void {
  process.env = {
    ...before,
    ...api.artifacts.openJob(run, job, () => isRunning),
    GITHUB_SERVER_URL: 'http://github.localhost',
  };
}

async function upload(name: string, text = `text of ${name}`, retentionDays?: number) {
  const path = join(folder, 'plan.json');
  writeFileSync(path, text);
  return client.uploadArtifact(name, [path], folder, retentionDays === undefined ? {} : { retentionDays });
}

test('what a job uploads, a later job of the run lists and downloads; another run sees none of it', async () => {
  const text = 'x'.repeat(100_000) + Math.random();
  const { id = 0, digest } = await upload('plan-aws', text, 3);
  enter(1, 'comment');
  const { artifacts } = await client.listArtifacts();
  expect(artifacts).toMatchObject([{ name: 'plan-aws', id, digest: `sha256:${digest}`, createdAt: NOW }]);
  const { artifact } = await client.getArtifact('plan-aws');
  const { digestMismatch } = await client.downloadArtifact(artifact.id, {
    path: join(folder, 'got'),
    ...(artifact.digest === undefined ? {} : { expectedHash: artifact.digest }),
  });
  expect(digestMismatch).toBe(false);
  expect(readFileSync(join(folder, 'got/plan.json'), 'utf8')).toBe(text);
  enter(2, 'comment');
  expect((await client.listArtifacts()).artifacts).toEqual([]);
  await expect(client.getArtifact('plan-aws')).rejects.toThrow('Artifact not found for name: plan-aws');
});

test('a name is taken once in a run; deleted, it is free again', async () => {
  await upload('once');
  await expect(upload('once')).rejects.toThrow('an artifact with this name already exists on the workflow run');
  await client.deleteArtifact('once');
  await upload('once');
  enter(2, 'plan');
  await upload('once');
});

test('another run downloads it by the API with the right actions: read alone; the address needs no token', async () => {
  const { id = 0, digest } = await upload('plan-by-api', 'the plan');
  const asked = { ...WHERE, artifact_id: id, archive_format: 'zip', request: { redirect: 'manual' as const } };
  const { status, headers } = await api.job({ actions: 'read' }).rest.actions.downloadArtifact(asked);
  expect(Number(status)).toBe(302);
  const answer = await fetch(headers.location ?? '');
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  expect(answer.headers.get('content-type')).toBe('application/zip');
  await expect(api.job({ contents: 'write' }).rest.actions.downloadArtifact(asked)).rejects.toMatchObject({
    status: 403,
  });
});

test('the API lists the newest first, by name and in pages, with the run that made it', async () => {
  api.runs.push(runOf({ id: 3, sha: api.second, head: { pull: 9, sha: api.first, branch: 'topic', isFork: true } }));
  enter(3, 'plan');
  for (const name of ['a', 'b', 'c']) await upload(`of-three-${name}`);
  const actions = api.job({ actions: 'read' }).rest.actions;
  const listed = await actions.listWorkflowRunArtifacts({ ...WHERE, run_id: 3, per_page: 2 });
  expect(listed.data.artifacts.map(({ name }) => name)).toEqual(['of-three-c', 'of-three-b']);
  expect(listed.data.total_count).toBe(3);
  const named = await actions.listArtifactsForRepo({ ...WHERE, name: 'of-three-a' });
  expect(named.data.artifacts).toMatchObject([
    { workflow_run: { id: 3, head_sha: api.first, head_branch: 'topic', head_repository_id: 2003 }, expired: false },
  ]);
  const found = await actions.listWorkflowRunsForRepo({ ...WHERE, head_sha: api.first });
  expect(found.data.workflow_runs.map(({ id }) => id)).toEqual([3]);
  await expect(actions.listWorkflowRunArtifacts({ ...WHERE, run_id: 99 })).rejects.toMatchObject({ status: 404 });
  await expect(actions.getArtifact({ ...WHERE, artifact_id: 9999 })).rejects.toMatchObject({ status: 404 });
});

test('the retention is what was asked for; what is expired is listed and cannot be downloaded', async () => {
  const { id = 0 } = await upload('short', 'text', 2);
  const reader = api.job({ actions: 'read' }).rest.actions;
  const { data } = await reader.getArtifact({ ...WHERE, artifact_id: id });
  const days = (Date.parse(data.expires_at ?? '') - Date.now()) / 86_400_000;
  expect(days).toBeCloseTo(2, 1);
  const record = api.artifacts.artifacts.complete.find((artifact) => artifact.id === id);
  if (record === undefined) throw new Error('it is not there');
  record.expiresAt = NOW;
  expect((await reader.getArtifact({ ...WHERE, artifact_id: id })).data.expired).toBe(true);
  await expect(reader.downloadArtifact({ ...WHERE, artifact_id: id, archive_format: 'zip' })).rejects.toMatchObject({
    status: 410,
  });
  await expect(client.getArtifact('short')).rejects.toThrow('Artifact not found');
});

test('a token of a job that is over, or of none, opens nothing', async () => {
  isRunning = false;
  await expect(client.listArtifacts()).rejects.toThrow('401');
  isRunning = true;
  const { ACTIONS_RUNTIME_TOKEN: other = '' } = api.artifacts.openJob(2, 'plan', () => true);
  const [, claims] = (process.env['ACTIONS_RUNTIME_TOKEN'] ?? '').split('.');
  const [header, , signature] = other.split('.');
  process.env['ACTIONS_RUNTIME_TOKEN'] = `${header}.${claims}.${signature}`;
  await expect(client.listArtifacts()).rejects.toThrow('401');
});

test('an address of bytes is good for the artifact that it was made for', async () => {
  const answer = await fetch(`${api.url}/_blobs/downloads/${'0'.repeat(32)}/plan`);
  expect(answer.status).toBe(403);
});
