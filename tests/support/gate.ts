import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A moment at a gate: the request of this number, from 0, before it is passed on or after it was answered. */
export interface Passing {
  readonly number: number;
  readonly when: 'before' | 'after';
}

/** A server before another one, at which each request can be stopped, or be the moment of something else. */
export interface Gate {
  readonly url: string;
  /** The requests since it was last set: `POST /state`. */
  readonly seen: readonly string[];
  /** Starts to count from 0; `hook` says of each moment whether the connection breaks there. */
  set(hook?: (passing: Passing) => 'drop' | undefined): void;
  close(): Promise<void>;
}

type Hook = NonNullable<Parameters<Gate['set']>[0]>;

/** Opens a gate before the server at `target`; addresses in answers lead through the gate as well. */
export async function openGate(target: string): Promise<Gate> {
  let [hook, seen]: [Hook, string[]] = [() => undefined, []];
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request;
    const number = seen.push(`${method} ${url}`) - 1;
    const ask = hook;
    const body = await buffer(request);
    if (ask({ number, when: 'before' }) === 'drop') return void request.socket.destroy();
    const answer = await forward(target, request, body);
    const bytes = await readAnswer(answer, target, address);
    if (ask({ number, when: 'after' }) === 'drop') return void request.socket.destroy();
    const headers = [...answer.headers].filter(
      ([name]) => !/^(connection|keep-alive|transfer-encoding|content-length)$/.test(name),
    );
    const moved = headers.map(([name, value]) => [name, value.replaceAll(target, address)] as const);
    response.writeHead(answer.status, Object.fromEntries(moved)).end(bytes);
  };
  const server = createServer((request, response) => {
    pass(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  return {
    url: address,
    get seen() {
      return seen;
    },
    set: (next = () => undefined) => {
      [hook, seen] = [next, []];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(target: string, { method = '', url = '', headers }: IncomingMessage, body: Buffer): Promise<Response> {
  const kept = Object.entries(headers).filter(
    ([name]) => !/^(host|connection|content-length|transfer-encoding|expect)$/.test(name),
  );
  const sent = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
  const isEmpty = method === 'GET' || method === 'HEAD' || body.length === 0;
  return fetch(`${target}${url}`, { method, headers: sent, redirect: 'manual', ...(isEmpty ? {} : { body }) });
}

async function readAnswer(answer: Response, target: string, address: string): Promise<Buffer> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const isText = /json|text/.test(answer.headers.get('content-type') ?? '');
  return isText ? Buffer.from(bytes.toString('utf8').replaceAll(target, address)) : bytes;
}
