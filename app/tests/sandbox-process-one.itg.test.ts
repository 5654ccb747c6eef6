import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openSandbox } from '../src/sandbox.ts';

const SERVE = join(import.meta.dirname, '../../docker/dev-sandbox/usr/local/bin/serve');

/** Ends the server, takes its port, and answers in its place: for ever, were it not ended. */
const IMPOSTOR = `process.kill(process.ppid, 'SIGKILL');
const listen = () => require('http').createServer((request, response) => response.end('impostor'))
  .on('error', () => setTimeout(listen, 2)).listen(Number(process.argv[2]));
listen();`;

test('process 1 ends what ended the server, before it starts the server again; a fork bomb ends at its time', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const root = mkdtempSync(join(tmpdir(), 'slipway-sandbox-one-'));
  // process 1 of a world of its own: what it ends is in there
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const world = spawn('unshare', [...asRoot, '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', SERVE], {
    env: { PATH: process.env['PATH'], PORT: String(port), SANDBOX_WORKSPACES: root },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => world.once('exit', resolve));
  try {
    expect(await untilAlive(url)).toBe(true);
    const client = openSandbox(url);
    const impostor = { 'impostor.js': Buffer.from(IMPOSTOR) };
    const attempt = client.run({ workspace: 'one', command: ['node', 'impostor.js', String(port)], files: impostor });
    await expect(attempt).rejects.toThrow();
    expect(await untilAlive(url)).toBe(true);
    const { stdout } = await client.run({ workspace: 'one', language: 'sh', code: 'cat /proc/[0-9]*/cmdline' });
    expect(stdout).not.toContain('impostor.js');

    const bomb =
      'n=0; while [ $n -lt 100 ]; do setsid sh -c "trap : TERM; while :; do sleep 0.01; done" & n=$((n+1)); done; wait';
    expect(await client.run({ workspace: 'one', language: 'sh', code: bomb, timeoutSeconds: 3 })).toMatchObject({
      timedOut: true,
    });
    const after = await client.run({ workspace: 'one', language: 'sh', code: 'cat /proc/[0-9]*/cmdline' });
    expect(after.stdout).not.toContain('trap : TERM');
  } finally {
    world.kill('SIGKILL');
    await ended;
    rmSync(root, { recursive: true, force: true });
  }
});

async function untilAlive(url: string): Promise<boolean> {
  for (const limit = Date.now() + 30_000; Date.now() < limit; ) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    if (answer !== undefined && (await answer.text()).includes('alive')) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
