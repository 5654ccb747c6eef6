import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import { endAll, MARK } from './processes.ts';
import type { RunRequest } from './request.ts';

/** How a run ended. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** True where there was more than the limit. */
  readonly truncated: { readonly stdout: boolean; readonly stderr: boolean };
  readonly durationMs: number;
}

/** Conditions of a run. */
export interface Conditions {
  readonly folder: string;
  readonly ownsProcesses: boolean;
  /** Ends the run when whoever asked is gone. */
  readonly cancelled: AbortSignal;
}

/**
 * The shell gives the code its limits before it becomes the code: no core files, 1,024 open files, files of at most 1 GiB,
 * and the first place where memory runs out. Where the node ends a whole container for memory (a kubelet without
 * singleProcessOOMKill), that does not help, and the server goes with it.
 */
const WRAPPER =
  'ulimit -c 0; ulimit -n 1024; ulimit -f 2097152; echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec "$@"';

/** How long output may stay open after its run was ended. Milliseconds. */
const CLOSING_MS = 5_000;

/** Runs a command in a session of its own; when it ends or its time is over, everything that it started is ended. */
export async function execute(request: RunRequest, { folder, ownsProcesses, cancelled }: Conditions): Promise<Ended> {
  const id = randomUUID();
  const started = performance.now();
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'sandbox', ...request.command], {
    cwd: folder,
    detached: true,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8', TMPDIR: '/tmp', [MARK]: id },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [gather(child.stdout, request.outputBytes), gather(child.stderr, request.outputBytes)];
  child.stdin.on('error', () => {}); // it may end before it has read everything
  child.stdin.end(request.stdin);
  let timedOut = false;
  const end = (): void => void endAll(id, child.pid, ownsProcesses);
  const limit = setTimeout(() => {
    timedOut = true;
    end();
  }, request.timeoutMs);
  cancelled.addEventListener('abort', end, { once: true });
  if (cancelled.aborted) end();
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('error', () => resolve([127, null]));
    child.once('exit', (code, name) => resolve([code, name]));
  });
  end(); // what it left behind holds its output open
  // one that could not be ended, and that holds the output open, must not hold the turn
  await Promise.race([
    Promise.all([stdout.closed, stderr.closed]),
    setTimeoutAsync(CLOSING_MS, undefined, { ref: false }),
  ]);
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
  clearTimeout(limit);
  cancelled.removeEventListener('abort', end);
  return {
    ...{ exitCode, signal, timedOut, stdout: stdout.text(), stderr: stderr.text() },
    truncated: { stdout: stdout.isTruncated(), stderr: stderr.isTruncated() },
    durationMs: Math.round(performance.now() - started),
  };
}

/** Keeps the first bytes and reads the rest, so that the writer does not stand still. */
function gather(stream: Readable, most: number) {
  const chunks: Buffer[] = [];
  let length = 0;
  let isTruncated = false;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, most - length);
    if (kept.length < chunk.length) isTruncated = true;
    if (kept.length > 0) chunks.push(kept);
    length += kept.length;
  });
  return {
    closed: new Promise<void>((resolve) => stream.once('close', () => resolve())),
    // bytes that are no text become U+FFFD; files come back as they are
    text: () => Buffer.concat(chunks).toString('utf8'),
    isTruncated: () => isTruncated,
  };
}
