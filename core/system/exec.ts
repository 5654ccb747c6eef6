import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { ExpectedError } from '#core/values/errors.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** What to run and under which conditions. */
export interface ExecOptions {
  readonly cwd?: string;
  /** The whole environment of the process; without it, the one that {@link createExec} was given. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the environment. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; a stream as it comes, until it ends. */
  readonly input?: string | Uint8Array | Readable;
  /** Gets standard output as it comes; the result then has none. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Gets, as soon as the process runs, what says whether this one may end while that one is waited for. */
  readonly onStart?: (hold: Hold) => void;
  /**
   * A new file that standard output passes through; it is removed afterwards, and `onLine` does not see it. Git writes
   * to a pipe object by object, and each one wakes the reader; ten thousand of them cost nearly nothing in a file.
   */
  readonly through?: string;
  /** Exit codes that are answers, not failures. Default: 0 only. */
  readonly accept?: readonly number[] | 'any';
  /** Ends the process when it runs longer, in milliseconds: SIGTERM, then SIGKILL after `graceMs`. */
  readonly timeoutMs?: number;
  /** Time between SIGTERM and SIGKILL, in milliseconds. Default 5000. */
  readonly graceMs?: number;
  /**
   * Puts the process into a group of its own, which a terminal's Ctrl-C does not reach. When this aborts, the group is
   * killed.
   */
  readonly endOn?: AbortSignal;
  /** Called with each whole line as it is printed, standard output and error alike. */
  readonly onLine?: (line: string) => void;
  /** Strings that must not appear in an error message. */
  readonly secrets?: readonly string[];
}

/** Whether a process keeps this one from ending, as each does until it is let go. */
export interface Hold {
  take(): void;
  letGo(): void;
}

/** What a finished process left behind. `stdout` is bytes: decode once, where the encoding is known. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs one program by its argument vector, never through a shell. Refuses with a {@link CommandError}. */
export type Exec = (argv: readonly [string, ...string[]], options?: ExecOptions) => Promise<ExecResult>;

/** A program that could not be started, ended with an exit code that was not accepted, or ran too long. */
export class CommandError extends ExpectedError {
  override readonly name = 'CommandError';
  readonly argv: readonly string[];
  /** The exit code; undefined when the program was not started or was ended by a signal. */
  readonly code: number | undefined;
  readonly stderr: string;
  /** True when there is no such program on PATH. */
  readonly isAbsent: boolean;

  constructor(
    what: { argv: readonly string[]; code: number | undefined; reason: string; stderr: string; isAbsent?: boolean },
    options?: ErrorOptions,
  ) {
    const tail = lastLines(what.stderr, 12);
    super(`${what.argv.join(' ')} ${what.reason}${tail === '' ? '' : `\n${tail}`}`, options);
    this.argv = what.argv;
    this.code = what.code;
    this.stderr = what.stderr;
    this.isAbsent = what.isAbsent === true;
  }
}

/** Returns an {@link Exec} whose processes get `environment` and nothing else. */
export function createExec(environment: Readonly<Record<string, string | undefined>>): Exec {
  const defined = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return (argv, options = {}) => {
    const env = { ...(options.env ?? defined), ...options.extraEnv };
    return options.through === undefined ? run(argv, options, env) : runThrough(options.through, argv, options, env);
  };
}

async function runThrough(
  path: string,
  argv: readonly [string, ...string[]],
  options: ExecOptions,
  env: Record<string, string>,
): Promise<ExecResult> {
  const file = await open(path, 'wx');
  try {
    const result = await run(argv, options, env, file.fd);
    return { ...result, stdout: await readFile(path) };
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

function run(
  argv: readonly [string, ...string[]],
  options: ExecOptions,
  env: Record<string, string>,
  output: 'pipe' | number = 'pipe',
): Promise<ExecResult> {
  const [file, ...args] = argv;
  const shownArgv = argv.map((word) => scrub(word, options.secrets));
  return new Promise((resolve, reject) => {
    const detached = options.endOn !== undefined;
    const child = spawn(file, args, { cwd: options.cwd, env, stdio: ['pipe', output, 'pipe'], detached });
    const end = (): void => killGroup(child);
    options.endOn?.addEventListener('abort', end, { once: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const limit = options.timeoutMs === undefined ? undefined : endAfter(child, options.timeoutMs, options.graceMs);
    if (options.onOutput === undefined) collect(child.stdout, stdout, options.onLine);
    else child.stdout?.on('data', options.onOutput);
    collect(child.stderr, stderr, options.onLine);
    child.stdin?.on('error', () => {}); // a program may exit before it has read everything: its exit code tells
    if (child.stdin !== null && options.input instanceof Readable) options.input.pipe(child.stdin);
    else child.stdin?.end(options.input ?? '');
    options.onStart?.(holdOf(child));
    child.once('error', (error: NodeJS.ErrnoException) => {
      limit?.cancel();
      options.endOn?.removeEventListener('abort', end);
      const cause = new Error(scrub(error.message, options.secrets)); // node's own error carries the bare argv
      const { isAbsent, why } = explainStart(error.code, options.cwd);
      const reason = scrub(`could not be started${why}`, options.secrets);
      reject(new CommandError({ argv: shownArgv, code: undefined, reason, stderr: '', isAbsent }, { cause }));
    });
    child.once('close', (code, signal) => {
      limit?.cancel();
      options.endOn?.removeEventListener('abort', end);
      const text = scrub(Buffer.concat(stderr).toString('utf8'), options.secrets);
      const accepted = code !== null && (options.accept === 'any' || (options.accept ?? [0]).includes(code));
      if (accepted) return resolve({ code, stdout: Buffer.concat(stdout), stderr: text });
      const late = limit?.isPast() ? `ran longer than ${options.timeoutMs} ms and ` : '';
      const reason = `${late}${signal !== null ? `was ended by ${signal}` : `exited with code ${code}`}`;
      const printed = text.trim() === '' ? scrub(Buffer.concat(stdout).toString('utf8'), options.secrets) : text;
      reject(new CommandError({ argv: shownArgv, code: code ?? undefined, reason, stderr: printed }));
    });
  });
}

/** A process and its pipes each count for themselves. */
function holdOf(child: ChildProcess): Hold {
  const pipes = [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket);
  return {
    take: () => {
      for (const one of [child, ...pipes]) one.ref();
    },
    letGo: () => {
      for (const one of [child, ...pipes]) one.unref();
    },
  };
}

/** ENOENT is the answer to a missing program and to a missing folder alike. */
function explainStart(code: string | undefined, cwd: string | undefined): { isAbsent: boolean; why: string } {
  if (code !== 'ENOENT') return { isAbsent: false, why: '' };
  const isAbsent = cwd === undefined || existsSync(cwd);
  return { isAbsent, why: isAbsent ? ': not found on PATH' : `: there is no folder ${cwd}` };
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}

interface TimeLimit {
  isPast(): boolean;
  cancel(): void;
}

function endAfter(child: ChildProcess, milliseconds: number, graceMs = 5_000): TimeLimit {
  let isPast = false;
  const end = setTimeout(() => {
    isPast = true;
    child.kill('SIGTERM');
  }, milliseconds);
  const kill = setTimeout(() => child.kill('SIGKILL'), milliseconds + graceMs);
  return {
    isPast: () => isPast,
    cancel: () => {
      clearTimeout(end);
      clearTimeout(kill);
    },
  };
}

/** Gathers bytes and, when asked, hands out whole lines; a line or a character split between two chunks stays whole. */
function collect(stream: Readable | null, chunks: Buffer[], onLine: ((line: string) => void) | undefined): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (onLine === undefined) return;
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.replace(/\r$/, ''));
  });
  stream?.on('end', () => {
    const last = rest + decoder.end();
    if (onLine !== undefined && last !== '') onLine(last);
  });
}

/**
 * Replaces each secret, the longest first: one that begins another must not leave the other's end behind. Then the
 * credentials of URLs, which a program's own settings may have put there.
 */
function scrub(text: string, secrets: readonly string[] = []): string {
  const clean = secrets
    .filter((secret) => secret !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, () => '***'), text);
  return hideUserinfo(clean);
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
