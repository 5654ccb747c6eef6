import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend of type http: one state, one lock. Each answer can be made to fail. */
export interface StateServer {
  /** The settings of `backend "http"`. */
  readonly settings: Readonly<
    Record<'address' | 'lock_address' | 'unlock_address' | 'lock_method' | 'unlock_method', string>
  >;
  /** The state as it was written last; empty before. */
  state: string;
  /** Who holds the lock, as Terraform writes it; empty where it is free. */
  lock: string;
  /** The status of every answer to a write of the state. */
  writeStatus: number;
  /** The status of every answer. */
  status: number;
  close(): Promise<void>;
}

/** Starts the backend on loopback. */
export async function startStateServer(): Promise<StateServer> {
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [code, body] = answer(server, request.method ?? '', Buffer.concat(chunks).toString('utf8'));
      response.writeHead(code).end(body);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}/state`; // it listens on TCP
  const server: StateServer = {
    settings: { address, lock_address: address, unlock_address: address, lock_method: 'LOCK', unlock_method: 'UNLOCK' },
    state: '',
    lock: '',
    writeStatus: 200,
    status: 200,
    close: () => new Promise((resolve) => http.close(() => resolve())),
  };
  return server;
}

function answer(server: StateServer, method: string, body: string): [number, string] {
  if (server.status !== 200) return [server.status, ''];
  if (method === 'LOCK') {
    if (server.lock !== '') return [423, server.lock];
    server.lock = body;
  }
  if (method === 'UNLOCK') server.lock = '';
  if (method === 'POST') {
    if (server.writeStatus !== 200) return [server.writeStatus, ''];
    server.state = body;
  }
  if (method === 'GET') return server.state === '' ? [404, ''] : [200, server.state];
  return [200, ''];
}
