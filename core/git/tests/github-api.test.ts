import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { GitHubOptions } from '#core/git/github-wire.ts';
import { clientOf, type TestClient, transportOf } from '#core/git/tests/github-client.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import type { Fault } from '#lab/github/faults.ts';
import { type Api, openApi } from '#lab/github/tests/open-api.ts';

const MAIN = 'refs/heads/main';
const MINUTE = 60_000;

let api: Api;
let client: TestClient;
let head: CommitSha;
let start: number;

beforeEach(async () => {
  api = await openApi();
  head = parseCommitSha('main', api.second);
  client = clientOf(api, api.tokenOf({ contents: 'write' }));
  start = client.clock.now().getTime();
});

afterEach(async () => {
  expect(api.rest.violations).toEqual([]);
  await api.close();
});

async function write(options: GitHubOptions = client, message = 'm'): Promise<string> {
  const transport = transportOf(options);
  const files = [{ path: 'a', mode: '100644', content: Buffer.from('a\n') }];
  const commit = await transport.commit({ parent: head, message, files, at: new Date(start) });
  return (await transport.update([{ ref: MAIN, commit, lease: head }])).outcome;
}

/** The requests that were sent for one operation, and when, in milliseconds after the start. */
const sent = (line: string): number[] =>
  client.requests.filter((request) => request.line === line).map(({ at }) => at - start);

describe('a rate limit', () => {
  const later = (milliseconds: number): Date => new Date(Date.UTC(2030, 0, 2, 12) + milliseconds);

  test.each<[string, Fault, number]>([
    ['403 and retry-after', { kind: 'secondary-limit', retryAfter: 90 }, 90_000],
    ['429 and retry-after', { kind: 'secondary-limit', retryAfter: 7, status: 429 }, 7_000],
    ['429 without a time', { kind: 'secondary-limit', status: 429 }, MINUTE],
    ['403 without a time', { kind: 'secondary-limit' }, MINUTE],
    ['the end of the hour', { kind: 'primary-limit', reset: later(5 * MINUTE) }, 5 * MINUTE],
    ['a reset in the past', { kind: 'primary-limit', reset: later(-MINUTE) }, 1_000],
  ])('of %s: no request before its time, and then the write lands', async (_what, fault, pause) => {
    api.faults.inject('git/create-tree', fault);
    expect(await write()).toBe('pushed');
    expect(sent('POST git/trees')).toEqual([0, pause]);
    client.requests.length = 0;
    start = client.clock.now().getTime();
    const again = fault.kind === 'primary-limit' ? { ...fault, reset: new Date(start + 5 * MINUTE) } : fault;
    head = parseCommitSha('main', api.git('rev-parse', 'main'));
    api.faults.inject('updateRefs', again);
    expect(await write()).toBe('pushed');
    expect(sent('POST graphql')).toEqual([0, 0, again === fault ? pause : 5 * MINUTE]);
    expect(client.lines.join('\n')).toMatch(/no more requests of this token before 2030-01-02T12:\S+Z: waiting \d+ s/);
  });

  test.each<[string, string, Fault]>([
    ['of the hour', '2030-01-02T12:31:00.000Z', { kind: 'primary-limit', reset: later(31 * MINUTE) }],
    ['of many requests', '2030-01-02T12:10:01.000Z', { kind: 'secondary-limit', retryAfter: 601 }],
  ])('%s beyond ten minutes is refused with the time, without waiting', async (_what, time, fault) => {
    api.faults.inject('git/create-commit', fault);
    await expect(write()).rejects.toMatchObject({ name: 'Refusal', message: expect.stringContaining(time) });
    expect(client.clock.slept).toEqual([]);
    expect(sent('POST git/commits')).toEqual([0]);
  });

  test('that comes again and again is waited for ten minutes in all', async () => {
    const fault: Fault = { kind: 'secondary-limit', retryAfter: 240 };
    api.faults.inject('git/create-tree', fault, fault, fault, fault);
    await expect(write()).rejects.toMatchObject({ name: 'Refusal', message: expect.stringContaining('12:12:00') });
    expect(sent('POST git/trees')).toEqual([0, 240_000, 480_000]);
  });

  test('is not read out of the message of a commit', async () => {
    expect(await write(client, 'You have exceeded a secondary rate limit')).toBe('pushed');
    expect(client.clock.slept).toEqual([]);
  });
});

describe('a step of a commit', () => {
  const operations = [
    ['git/create-tree', 'POST git/trees'],
    ['git/create-commit', 'POST git/commits'],
  ] as const;

  test.each(operations)('%s is tried again after an answer that got lost', async (operation, line) => {
    api.faults.inject(operation, { kind: 'lost-reply' }, { kind: 'server-error', effect: 'none' });
    expect(await write()).toBe('pushed');
    expect(sent(line)).toHaveLength(3);
  });

  test.each(operations)('%s is refused when no answer comes', async (operation, line) => {
    const fault: Fault = { kind: 'server-error', effect: 'none' };
    api.faults.inject(operation, ...Array.from({ length: 40 }, () => fault));
    await expect(write()).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(new RegExp(`no usable answer to ${line} in \\d+ attempts \\(HTTP 502\\)`)),
    });
  });

  test.each<[string, () => string, RegExp]>([
    ['an unknown token', () => 'ghs_unknown', /HTTP 401 Bad credentials/],
    ['a token that may only read', () => api.tokenOf({ contents: 'read' }), /HTTP 403 .*permissions: contents: write/],
    ['a token without rights', () => api.tokenOf({}), /contents: read/],
  ])('with %s is refused at once', async (_what, token, words) => {
    client = clientOf(api, token());
    await expect(write(client)).rejects.toMatchObject({ name: 'Refusal', message: expect.stringMatching(words) });
    expect(client.clock.slept).toEqual([]);
    expect(client.requests.length).toBeLessThanOrEqual(2);
  });

  test('in a repository that the token does not see is refused at once', async () => {
    client = clientOf(api, client.token, { repository: 'acme/other' });
    await expect(write(client)).rejects.toMatchObject({ message: expect.stringContaining('acme/other') });
    expect(client.requests).toHaveLength(1);
  });

  test('that the server does not understand is refused with its words', async () => {
    client = clientOf(api, client.token, {
      fetch: async () =>
        Response.json({
          errors: [{ message: "Field 'updateRefs' doesn't exist", extensions: { code: 'undefinedField' } }],
        }),
    });
    await expect(write(client)).rejects.toMatchObject({ message: expect.stringContaining('may be too old') });
  });
});

describe('the token', () => {
  let other: Server;
  const seen: (string | undefined)[] = [];

  beforeEach(async () => {
    seen.length = 0;
    other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => new Promise((resolve) => other.close(resolve)));

  test.each([301, 302, 307, 308])('does not follow a redirect (%i) to another host', async (status) => {
    const address = other.address();
    const location = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
    const first = createServer((_request, response) => response.writeHead(status, { location }).end());
    await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
    const at = first.address();
    const url = `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`;
    client = clientOf(api, client.token, { apiUrl: url, graphqlUrl: `${url}/graphql` });
    await expect(write(client)).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(/redirects .* name the repository as it is called now/),
    });
    await new Promise((resolve) => first.close(resolve));
    expect(seen).toEqual([]);
    expect(client.requests).toHaveLength(1);
  });

  test.each([
    ['not an address', { apiUrl: 'github' }, 'GITHUB_API_URL'],
    ['a plain connection', { apiUrl: 'http://github.example', graphqlUrl: 'http://github.example' }, 'GITHUB_API_URL'],
    ['two servers', { graphqlUrl: 'https://api.github.example/graphql' }, 'GITHUB_GRAPHQL_URL'],
    ['not a repository', { repository: 'tenant' }, 'repository'],
  ])('goes nowhere with %s', (_what, wrong, input) => {
    expect(() => transportOf({ ...client, ...wrong })).toThrow(InputError);
    expect(() => transportOf({ ...client, ...wrong })).toThrow(input);
  });

  test('is in no message and no log, whatever goes wrong', async () => {
    const messages: string[] = [];
    const collect = (options: TestClient): Promise<unknown> =>
      write(options).catch((error: unknown) => messages.push(String(error), JSON.stringify(error)));
    const secrets = [client.token, 'ghs_\nunsendable', 'ghs_unknown', api.tokenOf({ contents: 'read' })];
    const clients = secrets.map((token) => clientOf(api, token));
    api.faults.inject('git/create-tree', { kind: 'secondary-limit', retryAfter: 1 }, { kind: 'lost-reply' });
    for (const options of clients) await collect(options);
    const echo = clientOf(api, 'ghs_echoed', {
      fetch: async (_input, init) => Promise.reject(new Error(`refused ${JSON.stringify(init?.headers)}`)),
    });
    await collect(echo);
    const all = [...messages, ...[...clients, echo].flatMap(({ lines }) => lines)].join('\n');
    expect(messages).toHaveLength(8);
    for (const secret of [...secrets, 'unsendable', 'ghs_echoed']) expect(all).not.toContain(secret);
  });
});
