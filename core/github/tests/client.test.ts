import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ClientOptions, openGitHubClient } from '#core/github/client.ts';
import { createTestClock } from '#tests/support/clock.ts';
import { silentLog } from '#tests/support/silent-log.ts';

const TOKEN = 'ghs_of_this_test';
const REQUEST = { what: 'the thing', right: 'contents: read' };

let server: Server;
let url: string;
const heard: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    if (request.url?.includes('moved')) response.writeHead(301, { location: '/elsewhere' }).end();
    else if (request.url?.includes('drop')) request.socket.destroy();
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": 1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterAll(() => {
  server.close();
});

const open = (change: Partial<ClientOptions> = {}) =>
  openGitHubClient({
    ...{ apiUrl: url, repository: 'acme/tenant', token: TOKEN, clock: createTestClock(), log: silentLog },
    ...{ random: () => 0.5, ...change },
  });

const ask = (branch: string, client = open()) =>
  client.ask(REQUEST, ({ repos }) => repos.getBranch({ ...client.where, branch }));

test('the token does not follow a redirect', async () => {
  heard.length = 0;
  await expect(ask('moved')).rejects.toThrow('where the token does not follow (the thing: HTTP 301)');
  expect(heard).toEqual(['GET /repos/acme/tenant/branches/moved']);
});

test('what has no answer is asked again for 30 s, and no message shows the token', async () => {
  const clock = createTestClock();
  const error: unknown = await ask('drop', open({ clock })).catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/gave no usable answer to the thing in \d+ attempts/);
  expect(String(error)).not.toContain(TOKEN);
  const slept = clock.slept.reduce((sum, pause) => sum + pause, 0);
  expect(slept).toBeGreaterThan(20_000);
  expect(slept).toBeLessThanOrEqual(30_000);
});

test('what is not to be repeated is asked once', async () => {
  heard.length = 0;
  const client = open();
  const send = (branch: string) => client.once(REQUEST, ({ repos }) => repos.getBranch({ ...client.where, branch }));
  expect(await send('main')).toEqual({ done: true, data: { id: 1 } });
  expect(await send('drop')).toMatchObject({ done: false });
  expect(heard).toHaveLength(2);
});

test('an address without https, and what is no repository, are refused before anything is sent', () => {
  expect(() => open({ apiUrl: 'http://github.example/api/v3' })).toThrow('is not an https address');
  expect(() => open({ apiUrl: '' })).toThrow('GITHUB_API_URL');
  expect(() => open({ repository: 'tenant' })).toThrow('expected owner/name');
});
