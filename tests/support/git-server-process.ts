import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import type { Verdict } from '#tests/support/git-server.ts';

/**
 * The process of a {@link startGitServer}: a small one, because starting git from a process with much memory takes long.
 * It tells its parent of each request and does what that says.
 */
const [, , dir = ''] = process.argv;

const verdicts = new Map<number, (verdict: Verdict) => void>();
let asked = 0;

function ask({ method, url, headers }: IncomingMessage): Promise<Verdict> {
  const id = ++asked;
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  verdicts.set(id, resolve);
  process.send?.({ id, method, url, headers });
  return promise;
}

process.on('message', ({ id, verdict }: { id: number; verdict: Verdict }) => {
  verdicts.get(id)?.(verdict);
  verdicts.delete(id);
});
process.on('disconnect', () => process.exit(0)); // the test is over, however it ended

const server = createServer(async (request, response): Promise<void> => {
  const verdict = await ask(request);
  if (verdict === 'drop') return void request.socket.destroy();
  if (typeof verdict === 'number') return void response.writeHead(verdict).end('refused by the test');
  const output = await runBackend(request);
  if (verdict === 'drop-answer') return void request.socket.destroy();
  answer(output, response);
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});

/** Returns what `git http-backend` prints: headers, an empty line, the body. */
function runBackend(request: IncomingMessage): Promise<Buffer> {
  const backend = spawn('git', ['http-backend'], { env: environmentOf(request, dirname(dir)) });
  request.pipe(backend.stdin);
  backend.stdin.on('error', () => {}); // it may end before it has read everything
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => backend.on('close', () => resolve(Buffer.concat(chunks))));
}

function answer(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line) => line.split(': '));
  const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
  for (const [name, value] of headers)
    if (name !== undefined && name !== 'Status' && value !== undefined) response.setHeader(name, value);
  response.writeHead(status).end(output.subarray(end + 4));
}

/** The CGI variables of `git http-backend`. */
function environmentOf(request: IncomingMessage, projects: string): NodeJS.ProcessEnv {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: projects,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: request.headers['content-length'] ?? '',
    HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_USER: 'tester',
    REMOTE_ADDR: '127.0.0.1',
  };
}
