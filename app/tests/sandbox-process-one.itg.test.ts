import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSandbox } from '../src/sandbox.ts';

const SERVE = join(import.meta.dirname, '../../docker/dev-sandbox/usr/local/bin/serve');

/** Ends the server, takes its port, and answers in its place: for ever, were it not ended. */
const IMPOSTOR = `process.kill(process.ppid, 'SIGKILL');
const listen = () => require('http').createServer((request, response) => response.end('impostor'))
  .on('error', () => setTimeout(listen, 2)).listen(Number(process.argv[2]));
listen();`;

let port: number;
let url: string;
let root: string;
let shared: string;
let world: ChildProcess;

/** Process 1 of a world of its own: what it ends, and what it removes, is in there. */
beforeEach(async () => {
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  root = mkdtempSync(join(tmpdir(), 'slipway-sandbox-one-'));
  shared = join(root, '..', `${basename(root)}-shared`);
  mkdirSync(shared);
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const apart = [...asRoot, '--pid', '--ipc', '--fork', '--kill-child', '--mount-proc'];
  world = spawn('unshare', [...apart, 'sh', SERVE], {
    env: { PATH: process.env['PATH'], PORT: String(port), SANDBOX_WORKSPACES: root, SANDBOX_SHARED: shared },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(await untilAlive(url)).toBe(true);
}, 60_000);

afterEach(async () => {
  const ended = new Promise((resolve) => world.once('exit', resolve));
  world.kill('SIGKILL');
  await ended;
  for (const folder of [root, shared]) rmSync(folder, { recursive: true, force: true });
});

test('process 1 ends what ended the server, before it starts the server again; a fork bomb ends at its time', async () => {
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
});

const sh = (code: string, workspace = 'two') => openSandbox(url).run({ workspace, language: 'sh', code });

test('the debugger of the server stays shut: SIGUSR1 does nothing', async () => {
  const code = `process.kill(process.ppid, 'SIGUSR1');
setTimeout(() => fetch('http://127.0.0.1:9229/json').then(() => console.log('open'), () => console.log('shut')), 500);`;
  expect((await openSandbox(url).run({ workspace: 'one', language: 'javascript', code })).stdout).toBe('shut\n');
  expect((await sh('echo still here')).stdout).toBe('still here\n');
});

test('what a run left in shared folders, beside the workspaces and in shared memory is gone before the next', async () => {
  const left = `mkdir -p ${shared}/node_modules/left && touch ${shared}/json.py ${root}/.hog && mkdir ${root}/node_modules
    chmod 0 ${shared}/node_modules; ipcmk -M 1048576 >/dev/null; grep -c . /proc/sysvipc/shm`;
  expect((await sh(left)).stdout).toBe('2\n');
  expect((await sh(`ls -A ${shared}; ls -A ${root}; grep -c . /proc/sysvipc/shm`)).stdout).toBe('two\n1\n');
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
