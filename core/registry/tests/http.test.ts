import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { fetchByNode, type HttpInit } from '#core/registry/http.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
}

const ask = (url: string, init: Partial<HttpInit> = {}) =>
  fetchByNode(url, { method: 'GET', headers: {}, redirect: 'manual', signal: AbortSignal.timeout(20_000), ...init });

test('several headers of one name come joined, by a name in any case; an absent one is null', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(401, [
      ['WWW-Authenticate', 'Basic realm="a"'],
      ['WWW-Authenticate', 'Bearer realm="b"'],
    ] as unknown as string[]); // the types know the flat form only
    response.end();
  });
  const { status, headers } = await ask(url);
  expect(status).toBe(401);
  expect(headers.get('www-Authenticate')).toBe('Basic realm="a", Bearer realm="b"');
  expect(headers.get('docker-content-digest')).toBeNull();
});

test('a request says who asks, takes any type unless it names one, and sends its body whole', async () => {
  const seen: unknown[] = [];
  const url = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { accept, 'user-agent': agent, 'content-length': length } = request.headers;
    seen.push({ method: request.method, accept, agent, length, body: Buffer.concat(chunks).toString('utf8') });
    response.end();
  });
  await ask(url);
  await ask(url, { method: 'PUT', headers: { Accept: 'a/b' }, body: Buffer.from('manifest') });
  expect(seen).toEqual([
    { method: 'GET', accept: '*/*', agent: 'slipway', body: '' },
    { method: 'PUT', accept: 'a/b', agent: 'slipway', length: '8', body: 'manifest' },
  ]);
});

test('a redirect is an answer like any other', async () => {
  const url = await serve((_request, response) => void response.writeHead(307, { location: '/elsewhere' }).end());
  const answer = await ask(url);
  expect([answer.status, answer.headers.get('location')]).toEqual([307, '/elsewhere']);
});

test.each([
  ['before the answer', false],
  ['in the middle of it', true],
])('a server that falls silent %s is given up when the signal says so', async (_when, isBegun) => {
  const url = await serve((_request, response) => {
    if (isBegun) response.writeHead(200, { 'content-length': 9 }).write('half');
  });
  const signal = AbortSignal.timeout(100);
  const read = async (): Promise<void> => {
    const { body } = await ask(url, { signal });
    for await (const _chunk of body ?? []); // until it ends
  };
  await expect(read()).rejects.toThrow(/aborted/);
});

test('a connection that is refused rejects with its code', async () => {
  const url = await serve(() => {});
  await new Promise((resolve) => server.close(resolve));
  await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
