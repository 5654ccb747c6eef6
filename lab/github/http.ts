import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Lab } from '#lab/supervisor/lab.ts';

/** Answers one request. */
export type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server on loopback that has its address before it knows its answers. */
export interface Door {
  readonly url: string;
  /** From now on requests are answered; before, they get 503. */
  open(answer: Answerer): void;
}

/** Listens on a free port of loopback until the lab stops. */
export async function listen(lab: Lab, name: string): Promise<Door> {
  let answer: Answerer = async (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  lab.onStop(name, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    open: (answerer) => {
      answer = answerer;
    },
  };
}
