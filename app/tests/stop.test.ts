import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import pino from 'pino';
import { drain } from '../src/stop.ts';

const TIMES = { lagMs: 100, drainMs: 2_000 };
const opened: { server: Server; agent: Agent }[] = [];
afterEach(() => {
  for (const { server, agent } of opened.splice(0)) {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  }
});

/** A server on loopback, a client that keeps its connections, and a log whose lines are read. */
async function open(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  opened.push({ server, agent });
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)).msg);
      done();
    },
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is one
  const ask = async (): Promise<string> => {
    const request = get({ host: '127.0.0.1', port, agent });
    const [response]: IncomingMessage[] = await once(request, 'response');
    let body = '';
    if (response !== undefined) for await (const chunk of response) body += chunk;
    return body;
  };
  return { server, lines, log: pino(sink), ask };
}

test('a request under way is finished, and only then the stop is over', async () => {
  let finish = (): void => {};
  const { server, lines, log, ask } = await open((_request, response) => {
    response.write('begun ');
    finish = () => response.end('and finished');
  });
  const answer = ask();
  await once(server, 'request');
  let isOver = false;
  const stopped = drain(server, TIMES, log).then(() => {
    isOver = true;
  });
  await wait(TIMES.lagMs + 150);
  expect(isOver).toBe(false);
  finish();
  expect(await answer).toBe('begun and finished');
  await stopped;
  expect(lines).toEqual([]);
});

test('a connection that comes during the lag is still taken; later ones are not', async () => {
  const { server, log, ask } = await open((_request, response) => response.end('yes'));
  const stopped = drain(server, { ...TIMES, lagMs: 500 }, log);
  await wait(50);
  expect(await ask()).toBe('yes');
  await stopped;
  await expect(ask()).rejects.toThrow(/ECONNREFUSED|socket hang up/);
});

test('a connection that is kept open without a request does not hold the stop up', async () => {
  const { server, log, ask } = await open((_request, response) => response.end('yes'));
  server.keepAliveTimeout = 60_000;
  await ask();
  const begun = performance.now();
  await drain(server, TIMES, log);
  expect(performance.now() - begun).toBeLessThan(TIMES.drainMs);
});

test('a request that never ends is cut off in time, with a line', async () => {
  const { server, lines, log, ask } = await open((_request, response) => response.write('begun'));
  const answer = ask();
  answer.catch(() => {}); // looked at below
  await once(server, 'request');
  await drain(server, { lagMs: 10, drainMs: 100 }, log);
  await expect(answer).rejects.toThrow();
  expect(lines).toEqual(['requests were still under way after 100 ms: cut off']);
});
