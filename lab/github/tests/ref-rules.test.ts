import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UPDATE_HOOK } from '#lab/github/rules.ts';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';

let api: Api;
let job: Api['person'];

beforeEach(async () => {
  api = await openApi();
  job = api.job({ contents: 'write' });
});

afterEach(async () => {
  expect(api.rest.violations).toEqual([]);
  await api.close();
});

const NONE = '0'.repeat(40);
const person = { name: 'M', email: 'm@example.com' };

/** Writes a commit by the API and returns it. */
async function write(client: Api['person'], files: Record<string, string>, parts: object = {}) {
  const tree = Object.entries(files).map(([path, content]) => ({
    path,
    mode: '100644' as const,
    type: 'blob' as const,
    content,
  }));
  const { data } = await client.rest.git.createTree({ ...WHERE, tree });
  return (await client.rest.git.createCommit({ ...WHERE, message: 'm', tree: data.sha, ...parts })).data;
}

const ask = async (query: string, variables: object = {}): Promise<unknown> => {
  const { repository } = await api.person.graphql<{ repository: { id: string } }>(
    '{repository(owner: "acme", name: "tenant") {id}}',
  );
  return job.graphql(query, { id: repository.id, ...variables });
};
const updateRefs = (...refUpdates: object[]) =>
  ask(
    'mutation ($id: ID!, $refUpdates: [RefUpdate!]!) {updateRefs(input: {repositoryId: $id, refUpdates: $refUpdates}) {clientMutationId}}',
    { refUpdates },
  );

/** Pushes by git as a job does, through the hook, and returns what git says. */
function push(sha: string, ref: string, login = 'github-actions[bot]'): string {
  const hook = join(api.bare, 'hooks', 'update');
  mkdirSync(join(api.bare, 'hooks'), { recursive: true });
  writeFileSync(hook, UPDATE_HOOK);
  chmodSync(hook, 0o755);
  const argv = ['-C', api.bare, 'push', '--porcelain', api.bare, `${sha}:${ref}`];
  const { stdout, stderr } = spawnSync('git', argv, {
    encoding: 'utf8',
    env: { ...process.env, SLIPWAY_BEARER: 'job', REMOTE_USER: login },
  });
  return stdout + stderr;
}

/** What git says of a reference that it made or moved. */
const TAKEN = /^[* ]\t/m;

describe('signatures', () => {
  test("GitHub signs a bot's commit, and neither a person's nor one under another name", async () => {
    const signed = await write(job, { a: '1' });
    expect(signed.verification).toMatchObject({ verified: true, reason: 'valid' });
    for (const other of [
      await write(api.person, { a: '2' }),
      await write(job, { a: '3' }, { author: person }),
      await write(job, { a: '4' }, { committer: person }),
    ])
      expect(other.verification).toEqual(expect.objectContaining({ verified: false, reason: 'unsigned' }));
    const { data } = await job.rest.git.getCommit({ ...WHERE, commit_sha: signed.sha });
    expect(data.verification.verified).toBe(true);
    const query = `query ($oid: GitObjectID!) {repository(owner: "acme", name: "tenant") {object(oid: $oid) {... on Commit {
      tree { oid } author { email user { login } } signature { isValid wasSignedByGitHub } }}}}`;
    expect(await job.graphql(query, { oid: signed.sha })).toMatchObject({
      repository: {
        object: {
          tree: { oid: signed.tree.sha },
          author: { email: '41898282+github-actions[bot]@users.noreply.github.com', user: null },
          signature: { isValid: true, wasSignedByGitHub: true },
        },
      },
    });
    expect(await job.graphql(query, { oid: api.first })).toMatchObject({ repository: { object: { signature: null } } });
  });

  test('a branch that requires them refuses a commit without, by every way', async () => {
    api.rules.requireSignatures('refs/heads/main');
    const signed = await write(job, { a: '1' }, { parents: [api.second] });
    const unsigned = await write(job, { a: '2' }, { parents: [signed.sha], author: person });
    const ref = 'heads/main';
    await expect(job.rest.git.updateRef({ ...WHERE, ref, sha: unsigned.sha })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('Commits must have verified signatures'),
    });
    await expect(updateRefs({ name: `refs/${ref}`, afterOid: unsigned.sha })).rejects.toMatchObject({
      errors: [{ type: 'UNPROCESSABLE', message: expect.stringContaining(unsigned.sha) }],
    });
    expect(push(unsigned.sha, `refs/${ref}`)).toMatch(/\[remote rejected\].*GH013.*verified signatures/s);
    expect(api.git('rev-parse', 'main')).toBe(api.second);
    await updateRefs({ name: `refs/${ref}`, afterOid: signed.sha });
    await api.person.rest.git.updateRef({ ...WHERE, ref, sha: unsigned.sha });
    expect(push(signed.sha, 'refs/heads/other')).toMatch(TAKEN);
  });

  test.each([
    ['main', false],
    ['locked', true],
    ['signed/only', true],
  ])('the branch %s tells that it is protected: %s', async (branch, isProtected) => {
    api.rules.requireSignatures('refs/heads/signed/only');
    api.git('update-ref', 'refs/heads/signed/only', api.first);
    const { data } = await api.job({ contents: 'read' }).rest.repos.getBranch({ ...WHERE, branch });
    expect(data).toMatchObject({ name: branch, protected: isProtected });
    await expect(job.rest.repos.getBranch({ ...WHERE, branch: 'none' })).rejects.toMatchObject({ status: 404 });
  });
});

describe('a bypass list', () => {
  test('lets an App through the rules of a branch, and its commits are signed for it', async () => {
    const app = api.client(api.tokenOf({ contents: 'write' }, 'slipway'));
    for (const lay of [api.rules.protect, api.rules.requireSignatures]) lay('refs/heads/main');
    const { sha, author, verification } = await write(app, { a: '1' }, { parents: [api.second] });
    expect([author.name, verification.verified]).toEqual(['slipway[bot]', true]);
    const unsigned = await write(app, { a: '2' }, { parents: [sha], author: person });
    const move = (client: Api['person'], to: string) =>
      client.rest.git.updateRef({ ...WHERE, ref: 'heads/main', sha: to });
    await expect(move(app, sha)).rejects.toMatchObject({ status: 422 });
    expect(push(sha, 'refs/heads/main', 'slipway[bot]')).toContain('GH006');
    api.rules.letThrough('refs/heads/main', 'slipway[bot]');
    await expect(move(job, sha)).rejects.toMatchObject({ status: 422 });
    expect(push(sha, 'refs/heads/main', 'github-actions[bot]')).toContain('GH006');
    await move(app, sha);
    expect(push(unsigned.sha, 'refs/heads/main', 'slipway[bot]')).toMatch(TAKEN);
    expect(() => api.rules.letThrough('refs/heads/main', 'github-actions[bot]')).toThrow('Actor GitHub Actions');
    api.rules.lift('refs/heads/main');
    expect([api.rules.isProtected('refs/heads/main'), api.rules.isProtected('refs/heads/locked')]).toEqual([
      false,
      true,
    ]);
  });
});

describe('workflow files', () => {
  const workflow = '.github/workflows/w.yml';

  test.each<[string, Record<string, string>, boolean]>([
    ['the same as on main', { [workflow]: 'on: push\n', other: '1' }, true],
    ['fewer than on main', { 'data.json': '{}' }, true],
    ['a changed one', { [workflow]: 'on: [push]\n' }, false],
    ['another one', { [workflow]: 'on: push\n', '.github/workflows/x.yml': '' }, false],
  ])('a job puts a reference on %s: %j %s', async (_what, files, isTaken) => {
    const main = await write(api.person, { [workflow]: 'on: push\n' }, { parents: [api.second] });
    api.git('update-ref', 'refs/heads/main', main.sha);
    const { sha } = await write(job, files);
    const ways = (ref: string): (() => Promise<unknown>)[] => [
      () => job.rest.git.createRef({ ...WHERE, ref: `${ref}/rest`, sha }),
      () => updateRefs({ name: `${ref}/graphql`, afterOid: sha, beforeOid: NONE }),
    ];
    for (const ref of ['refs/heads/x', 'refs/tags/x', 'refs/slipway/x']) {
      const answers = await Promise.allSettled(ways(ref).map((way) => way()));
      expect(answers.map(({ status }) => status)).toEqual(
        isTaken ? ['fulfilled', 'fulfilled'] : ['rejected', 'rejected'],
      );
      if (!isTaken)
        expect(answers).toMatchObject([
          { reason: { status: 403, response: { headers: { 'x-accepted-github-permissions': expect.any(String) } } } },
          { reason: { errors: [{ type: 'FORBIDDEN' }] } },
        ]);
      expect(push(sha, `${ref}/git`)).toMatch(isTaken ? TAKEN : /\[remote rejected\].*GH013.*`workflows` permission/s);
    }
    await api.person.rest.git.createRef({ ...WHERE, ref: 'refs/heads/y', sha });
  });
});

describe('faults', () => {
  const make = () => job.rest.git.createBlob({ ...WHERE, content: 'x' });

  test('each request meets its own, then all is well again', async () => {
    api.faults.inject(
      'git/create-blob',
      { kind: 'server-error', effect: 'none' },
      { kind: 'secondary-limit', retryAfter: 7 },
      { kind: 'primary-limit', reset: new Date('2030-01-01T00:00:00Z') },
      { kind: 'lost-reply' },
    );
    await expect(make()).rejects.toMatchObject({ status: 502 });
    await expect(make()).rejects.toMatchObject({ status: 403, response: { headers: { 'retry-after': '7' } } });
    await expect(make()).rejects.toMatchObject({
      status: 403,
      response: { headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1893456000' } },
    });
    await expect(make()).rejects.toMatchObject({ status: 500 }); // the client's own word for a broken connection
    expect((await make()).status).toBe(201);
  });

  test('an effect is done, or not, as the fault says', async () => {
    const move = (name: string) => updateRefs({ name: `refs/heads/${name}`, afterOid: api.first, beforeOid: NONE });
    api.faults.inject('updateRefs', { kind: 'server-error', effect: 'none' });
    await expect(move('a')).rejects.toMatchObject({ status: 502 });
    api.faults.inject('updateRefs', { kind: 'server-error', effect: 'done' });
    await expect(move('b')).rejects.toMatchObject({ status: 502 });
    api.faults.inject('updateRefs', { kind: 'lost-reply' });
    await expect(move('c')).rejects.toThrow();
    api.faults.inject('updateRefs', { kind: 'stale-head', ref: 'refs/heads/d', to: api.second });
    await expect(move('d')).rejects.toMatchObject({ errors: [{ type: 'UNPROCESSABLE' }] });
    const heads = api.git('for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');
    expect(heads).toEqual(['b', 'c', 'd', 'locked', 'main', 'team/topic']);
  });

  test("an hour's requests that are used up are an error of a 200 by GraphQL", async () => {
    api.faults.inject('viewer', { kind: 'primary-limit', reset: new Date('2030-01-01T00:00:00Z') });
    await expect(job.graphql('{viewer {login}}')).rejects.toMatchObject({
      headers: { 'x-ratelimit-remaining': '0' },
      errors: [{ type: 'RATE_LIMIT' }],
    });
  });
});
