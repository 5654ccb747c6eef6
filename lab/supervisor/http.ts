import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError } from '#core/values/errors.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

/** A server of the lab that runs inside the supervisor. */
export interface LoopbackServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  close(): Promise<void>;
}

/** What answers a request; what it throws becomes a 500 whose body says so. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A client that sends just when an idle connection is closed sees an error: clients close theirs first. */
const IDLE_MS = 120_000;

/** Listens on a free port of `address`. Uploads may take as long as they take. */
export async function listen(answer: Answer, address = '127.0.0.1'): Promise<LoopbackServer> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: IDLE_MS }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(`the lab failed: ${describeError(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has nothing else
  return {
    host: `${address}:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A server on loopback that has its address before it knows its answers. */
export interface DeferredServer {
  readonly url: string;
  /** From now on requests are answered; before, they get 503. */
  serve(answer: Answer): void;
}

/** Listens on a free port of loopback until the lab stops. */
export async function listenUntilStop(lab: Lab, name: string): Promise<DeferredServer> {
  let answer: Answer = async (_request, response) => void response.writeHead(503).end();
  const server = await listen((request, response) => answer(request, response));
  lab.onStop(name, server.close);
  return {
    url: `http://${server.host}`,
    serve: (given) => {
      answer = given;
    },
  };
}
