import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../docker/dev-sandbox/usr/local/lib/sandbox/main.ts');

/** The sandbox's real server as a process of its own. */
export interface SandboxProcess {
  readonly url: string;
  /** Folder of the workspaces. */
  readonly root: string;
  readonly pid: number;
  readonly lines: readonly string[];
  /** Ends it, by a signal; resolves with its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Ends it where it runs, and removes the workspaces. */
  remove(): Promise<void>;
}

/** Starts the server on the workspaces in `root`, or on new ones. */
export async function startSandbox(
  environment: Readonly<Record<string, string>> = {},
  root: string = mkdtempSync(join(tmpdir(), 'slipway-sandbox-')),
): Promise<SandboxProcess> {
  const port = await freePort();
  const lines: string[] = [];
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], PORT: String(port), SANDBOX_WORKSPACES: root, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString('utf8').trim().split('\n')));
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  await untilAlive(url, child);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exit;
  };
  return {
    url,
    root,
    pid: child.pid ?? 0,
    lines,
    end,
    remove: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function untilAlive(url: string, child: ChildProcess): Promise<void> {
  for (const limit = Date.now() + 30_000; Date.now() < limit; ) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the sandbox does not listen');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
