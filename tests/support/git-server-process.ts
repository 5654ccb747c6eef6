import { createServer, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { runHttpBackend } from '#lab/github/http-backend.ts';
import type { Verdict } from '#tests/support/git-server.ts';

/**
 * The process of a {@link startGitServer}: a small one, because starting git from a process with much memory takes long.
 * It tells its parent of each request and does what that says.
 */
const [, , dir = ''] = process.argv;
const env = { PATH: process.env['PATH'] ?? '', REMOTE_USER: 'tester' };

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
  const { status, headers, body } = await runHttpBackend(request, dirname(dir), env);
  if (verdict === 'drop-answer') return void request.socket.destroy();
  response.writeHead(status, headers).end(body);
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
