import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { CommandError } from '#core/system/exec.ts';

/** How a program that must not be cut off is run. */
export interface DetachedOptions {
  readonly cwd: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** An empty folder for what it prints. */
  readonly folder: string;
  /** Sends SIGINT, once, when it aborts; the program is then waited for. */
  readonly interruption: AbortSignal;
  /** Called with each whole line of standard output, at most {@link POLL_MS} after it is printed. */
  readonly onLine?: (line: string) => void;
}

/** How a program ended, and what it printed. */
export interface DetachedResult {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const POLL_MS = 100;

/**
 * Runs a program in a process group of its own with its output in files: it outlives this process, whose end would
 * otherwise break its pipe in the middle of a write, and a terminal's Ctrl-C reaches it once, through us. Any exit is an
 * answer; refuses only a program that cannot be started, with a {@link CommandError}.
 */
export async function execDetached(
  argv: readonly [string, ...string[]],
  options: DetachedOptions,
): Promise<DetachedResult> {
  const [stdout, stderr] = [join(options.folder, 'stdout'), join(options.folder, 'stderr')];
  const [out, err] = [openSync(stdout, 'wx', 0o600), openSync(stderr, 'wx', 0o600)];
  const [file, ...args] = argv;
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', out, err],
    detached: true,
  });
  closeSync(out);
  closeSync(err);
  const ended = waitFor(child, argv); // before anything else is waited for: it may end at once
  ended.catch(() => {}); // it is waited for below
  const stop = interruptOnce(child, options.interruption);
  const tail = options.onLine === undefined ? undefined : await tailLines(stdout, options.onLine);
  try {
    const ending = await ended;
    await tail?.finish();
    return { ...ending, stdout: await readFile(stdout, 'utf8'), stderr: await readFile(stderr, 'utf8') };
  } finally {
    stop();
    await tail?.close();
  }
}

function waitFor(child: ChildProcess, argv: readonly string[]): Promise<Pick<DetachedResult, 'code' | 'signal'>> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? ': not found on PATH' : '';
      reject(new CommandError({ argv, code: undefined, reason: `could not be started${why}`, stderr: '' }, { cause }));
    });
  });
}

/** A second SIGINT would tell Terraform to stop without writing its state. */
function interruptOnce(child: ChildProcess, interruption: AbortSignal): () => void {
  const interrupt = (): void => void child.kill('SIGINT');
  if (interruption.aborted) interrupt();
  else interruption.addEventListener('abort', interrupt, { once: true });
  return () => interruption.removeEventListener('abort', interrupt);
}

interface Tail {
  /** Reads what is left. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

async function tailLines(path: string, onLine: (line: string) => void): Promise<Tail> {
  const file = await open(path, 'r');
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(65_536);
  let rest = '';
  const read = async (): Promise<void> => {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      const lines = (rest + decoder.write(chunk.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
  };
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(read);
    last.catch(() => {}); // finish() says so
  }, POLL_MS);
  return {
    finish: async () => {
      clearInterval(timer);
      await last;
      await read();
      if (rest !== '') onLine(rest);
    },
    close: async () => {
      clearInterval(timer);
      await last.catch(() => {});
      await file.close();
    },
  };
}
