import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { RegisteredApp } from '#lab/github/identity/apps.ts';
import { OPERATIONS, type OperationId } from '#lab/github/openapi/operations.ts';
import { type Api, NOW, openApi, WHERE } from '#lab/github/tests/open-api.ts';

const described = z.object({ method: z.string(), path: z.string() });
const description = z
  .object({ operations: z.record(z.string(), described) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '..', 'openapi', 'github.json'), 'utf8')));

let api: Api;
let app: RegisteredApp;

beforeAll(async () => {
  api = await openApi();
  app = api.registerApp('acme-slipway', { statuses: 'write' });
});

afterEach(() => expect(api.rest.violations).toEqual([]));

afterAll(() => api.close());

const SECONDS = NOW.getTime() / 1000;

/** Returns what an App signs for itself. */
function sign(parts: { key?: string; claims?: object; alg?: string } = {}): string {
  const { key = app.privateKey, alg = 'RS256' } = parts;
  const claims = { iss: String(app.id), iat: SECONDS - 60, exp: SECONDS + 540, ...parts.claims };
  const body = [{ alg, typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = createSign('sha256').update(body.join('.')).sign(key).toString('base64url');
  return [...body, signature].join('.');
}

function askToken(bearer: string, installation = app.installation, body?: object): Promise<Response> {
  return api.ask(`/app/installations/${installation}/access_tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function issue(): Promise<string> {
  const answer = await askToken(sign());
  return z.object({ token: z.string() }).parse(await answer.json()).token;
}

describe('a token of an installation', () => {
  test('is given to the App that signed for it, for an hour, with what was granted', async () => {
    const answer = await askToken(sign());
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      token: expect.stringMatching(/^ghs_/),
      expires_at: new Date(NOW.getTime() + 3_600_000).toISOString(),
      permissions: { statuses: 'write' },
    });
  });

  test('is given for the body null as well, which is what Argo CD sends', async () => {
    const headers = { authorization: `Bearer ${sign()}` };
    const path = `/app/installations/${app.installation}/access_tokens`;
    expect((await api.ask(path, { method: 'POST', headers, body: 'null' })).status).toBe(201);
  });

  test.each([
    ['another key', () => sign({ key: otherKey() })],
    ['a token that is over', () => sign({ claims: { exp: SECONDS - 1 } })],
    ['a token that lives longer than 10 minutes', () => sign({ claims: { exp: SECONDS + 3600 } })],
    ['a token of tomorrow', () => sign({ claims: { iat: SECONDS + 86_400, exp: SECONDS + 86_460 } })],
    ['an App that is not known', () => sign({ claims: { iss: '1' } })],
    ['no algorithm', () => sign({ alg: 'none' })],
    ['no signature', () => sign().replace(/[^.]+$/, '')],
    ['something else', () => 'a.b.c'],
  ])('is refused for %s', async (_what, make) => {
    expect((await askToken(make())).status).toBe(401);
  });

  test('is refused to people, to jobs, and for an installation of somebody else', async () => {
    expect((await askToken(api.token)).status).toBe(403);
    expect((await askToken(api.tokenOf({ statuses: 'write' }))).status).toBe(403);
    expect((await askToken(sign(), app.installation + 1)).status).toBe(404);
  });

  test('has no more than what was granted', async () => {
    expect((await askToken(sign(), app.installation, { permissions: { contents: 'read' } })).status).toBe(422);
    expect((await askToken(sign(), app.installation, { permissions: { statuses: 'read' } })).status).toBe(201);
  });
});

/** What any token of the repository may ask: what the repository is. */
const METADATA: readonly OperationId[] = ['repos/get', 'repos/get-collaborator-permission-level'];
const STATUSES: readonly OperationId[] = [
  'repos/create-commit-status',
  'repos/get-combined-status-for-ref',
  'repos/list-commit-statuses-for-ref',
];

describe('an App that may write statuses', () => {
  test('writes them in its own name', async () => {
    const { rest } = api.client(await issue());
    const wanted = { ...WHERE, sha: api.second, state: 'success' as const, context: 'argocd/production' };
    const { data } = await rest.repos.createCommitStatus(wanted);
    expect(data.creator).toMatchObject({ login: 'acme-slipway[bot]', type: 'Bot' });
  });

  test.each(OPERATIONS.filter((id) => !METADATA.includes(id) && !STATUSES.includes(id)))(
    'is refused %s',
    async (id) => {
      const { method, path } = description.operations[id] ?? { method: '', path: '' };
      const filled = path
        .replace('{owner}', WHERE.owner)
        .replace('{repo}', WHERE.repo)
        .replace('{ref}', 'heads/main')
        .replaceAll(/\{\w+\}/g, '1');
      const answer = await api.ask(filled, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${await issue()}` },
        ...(method === 'get' ? {} : { body: '{}' }),
      });
      expect({ id, status: answer.status }).toEqual({ id, status: 403 });
    },
  );

  test('moves no reference by GraphQL, and reads nothing by it', async () => {
    const query = `mutation { updateRefs(input: {repositoryId: "x", refUpdates: [{name: "refs/heads/x", afterOid: "${api.first}"}]}) { clientMutationId } }`;
    const asked = await fetch(`${api.url}/api/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await issue()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    expect(await asked.json()).toMatchObject({ errors: [expect.anything()] });
    expect(api.git('for-each-ref', 'refs/heads/x')).toBe('');
  });

  test('in its own name, it asks for nothing but such a token', async () => {
    const answer = await api.ask(`/repos/acme/tenant/statuses/${api.second}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sign()}` },
      body: JSON.stringify({ state: 'success' }),
    });
    expect(answer.status).toBe(403);
  });
});

describe('a status that GitHub does not take', () => {
  test.each([
    ['HEAD', {}, 'sha must be a 40 character SHA1'],
    ['73bc4dc', {}, 'sha must be a 40 character SHA1'],
    [undefined, { target_url: '/applications/production' }, 'target_url must use http(s) scheme'],
    [undefined, { description: 'x'.repeat(141) }, 'description is too long (maximum is 140 characters)'],
  ])('%s %j', async (sha, rest, message) => {
    const wanted = { ...WHERE, sha: sha ?? api.second, state: 'success' as const, ...rest };
    await expect(api.person.rest.repos.createCommitStatus(wanted)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining(message),
    });
  });
});

function otherKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString();
}
