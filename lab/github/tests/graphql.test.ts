import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type Api, openApi } from '#lab/github/tests/open-api.ts';

const NONE = '0'.repeat(40);
const UPDATE = `mutation ($repositoryId: ID!, $refUpdates: [RefUpdate!]!) {
  updateRefs(input: {repositoryId: $repositoryId, refUpdates: $refUpdates, clientMutationId: "me"}) { clientMutationId }
}`;

let api: Api;
let repositoryId: string;

beforeAll(async () => {
  api = await openApi();
  const { repository } = z
    .object({ repository: z.object({ id: z.string() }) })
    .parse(await api.person.graphql('{repository(owner: "acme", name: "tenant") {id}}'));
  repositoryId = repository.id;
});

beforeEach(() => {
  api.git('update-ref', 'refs/heads/a', api.first);
  api.git('update-ref', 'refs/heads/b', api.first);
  api.moves.length = 0;
});

afterEach(() => {
  for (const name of ['a', 'b', 'new']) api.git('update-ref', '-d', `refs/heads/${name}`);
  expect(api.rest.violations).toEqual([]);
});

afterAll(() => api.close());

interface Update {
  readonly name: string;
  readonly afterOid: string;
  readonly beforeOid?: string;
  readonly force?: boolean;
}

const update = (refUpdates: readonly Update[], client = api.person) =>
  client.graphql(UPDATE, { repositoryId, refUpdates });
const heads = (): string[] => api.git('for-each-ref', '--format=%(refname:short) %(objectname)').split('\n');

describe('asking', () => {
  test('who am I, and what is here', async () => {
    expect(await api.person.graphql('{viewer {login}}')).toEqual({ viewer: { login: 'octocat' } });
    expect(await api.job({}).graphql('{viewer {login}}')).toEqual({ viewer: { login: 'github-actions[bot]' } });
    const query = `query ($name: String!) {
      repository(owner: "acme", name: $name) {
        nameWithOwner
        owner { login }
        defaultBranchRef { name prefix target { oid ... on Commit { messageHeadline } } }
        ref(qualifiedName: "refs/heads/none") { name }
        object(expression: "main:") { __typename oid }
      }
    }`;
    expect(await api.job({ contents: 'read' }).graphql(query, { name: 'tenant' })).toMatchObject({
      repository: {
        nameWithOwner: 'acme/tenant',
        owner: { login: 'acme' },
        defaultBranchRef: {
          name: 'main',
          prefix: 'refs/heads/',
          target: { oid: api.second, messageHeadline: 'Second' },
        },
        ref: null,
        object: { __typename: 'Tree' },
      },
    });
  });

  test.each([
    ['{repository(owner: "acme", name: "other") {id}}', 'NOT_FOUND', 'Could not resolve to a Repository'],
    ['{repository(owner: "acme", name: "tenant") {description}}', 'NOT_IMPLEMENTED', 'Repository.description'],
    ['{repository(owner: "acme", name: "tenant") {colour}}', undefined, 'Cannot query field "colour"'],
    ['{viewer {', undefined, 'Syntax Error'],
    ['query ($name: String!) {repository(owner: "acme", name: $name) {id}}', undefined, '"$name" of required type'],
  ])('%s is refused', async (query, type, words) => {
    await expect(api.person.graphql(query)).rejects.toMatchObject({
      errors: [{ ...(type === undefined ? {} : { type }), message: expect.stringContaining(words) }],
    });
  });

  test('a caller without a token gets nothing, and a question is a POST with JSON', async () => {
    const ask = (init: RequestInit): Promise<Response> => fetch(`${api.url}/api/graphql`, init);
    expect((await ask({ method: 'POST', body: '{}' })).status).toBe(401);
    const headers = { authorization: `Bearer ${api.token}` };
    expect((await ask({ method: 'POST', body: '{', headers })).status).toBe(400);
    expect((await ask({ headers })).status).toBe(404);
  });
});

describe('updateRefs', () => {
  test('moves, makes and deletes at once', async () => {
    await update([
      { name: 'refs/heads/a', afterOid: api.second, beforeOid: api.first },
      { name: 'refs/heads/b', afterOid: NONE },
      { name: 'refs/heads/new', afterOid: api.first, beforeOid: NONE },
    ]);
    expect(heads()).toEqual(expect.arrayContaining([`a ${api.second}`, `new ${api.first}`]));
    expect(heads()).not.toContain(`b ${api.first}`);
    expect(api.moves.map(({ ref }) => ref)).toEqual(['refs/heads/a', 'refs/heads/b', 'refs/heads/new']);
  });

  test('back only by force', async () => {
    const back = { name: 'refs/heads/a', afterOid: api.first };
    await update([{ name: 'refs/heads/a', afterOid: api.second }]);
    await expect(update([back])).rejects.toThrow('not a fast forward');
    await update([{ ...back, force: true }]);
    expect(heads()).toContain(`a ${api.first}`);
  });

  const good = (): Update => ({ name: 'refs/heads/a', afterOid: api.second });
  test.each<[string, () => Update, string]>([
    ['another value than expected', () => ({ ...good(), name: 'refs/heads/b', beforeOid: api.second }), 'expected'],
    ['one that must not be there', () => ({ ...good(), name: 'refs/heads/b', beforeOid: NONE }), 'expected'],
    ['an object that is not there', () => ({ ...good(), name: 'refs/heads/b', afterOid: '1'.repeat(40) }), 'not exist'],
    ['a branch on a tree', () => ({ ...good(), name: 'refs/heads/b', afterOid: treeOf(api) }), 'not a commit'],
    ['not a name', () => ({ ...good(), name: 'heads/b' }), 'not the name of a reference'],
    ['a deletion of nothing', () => ({ name: 'refs/heads/none', afterOid: NONE }), 'does not exist'],
    ['the same again', good, 'more than once'],
  ])('%s: none is moved', async (_what, wrong, words) => {
    const before = heads();
    await expect(update([good(), wrong()])).rejects.toMatchObject({
      errors: [{ type: 'UNPROCESSABLE', message: expect.stringContaining(words) }],
    });
    expect(heads()).toEqual(before);
    expect(api.moves).toEqual([]);
  });

  test('needs the right, the repository, and no protection', async () => {
    await expect(update([good()], api.job({ contents: 'read' }))).rejects.toMatchObject({
      errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
    });
    await expect(api.person.graphql(UPDATE, { repositoryId: 'x', refUpdates: [] })).rejects.toMatchObject({
      errors: [{ type: 'NOT_FOUND' }],
    });
    const locked = [{ name: 'refs/heads/locked', afterOid: api.second }];
    await expect(update(locked, api.job({ contents: 'write' }))).rejects.toThrow('GH006');
    await update(locked);
    expect(api.moves).toEqual([{ by: 'user', ref: 'refs/heads/locked' }]);
  });
});

const treeOf = ({ git, first }: Api): string => git('rev-parse', `${first}^{tree}`);
