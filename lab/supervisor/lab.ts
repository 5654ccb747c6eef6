import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createExec, type Exec } from '#core/system/exec.ts';
import { describeError } from '#core/values/errors.ts';
import type { Progress } from '#lab/supervisor/progress.ts';
import { labHome } from '#lab/supervisor/root.ts';
import {
  findTraces,
  identifyProcess,
  isAlive,
  MARKER,
  type ProcessIdentity,
  removeTraces,
} from '#lab/supervisor/traces.ts';

const DIR_PREFIX = 'slipway-lab-';
const KEPT_LOGS = 5;

/** A process of the lab. */
export interface ProcessSpec {
  /** Unique in the lab; its output goes to `<logs>/<name>.log`. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Added to the lab's environment (PATH, HOME, the marker). */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked every 50 ms until it answers true; a throw counts as "not yet" and is shown when time is up. */
  readonly ready?: () => Promise<boolean>;
  /** Default 30 s. */
  readonly readyWithinMs?: number;
  /** Between SIGTERM and SIGKILL at teardown. Default 5 s. */
  readonly graceMs?: number;
}

/** A running process of the lab. */
export interface LabProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  isRunning(): boolean;
  /** SIGTERM to its group, SIGKILL after the grace; resolves when it is gone. */
  stop(): Promise<void>;
}

/** One world on loopback: its folder, its processes and the way back to a clean machine. */
export interface Lab {
  /** Six hex digits; part of every name that the lab gives to something on the machine. */
  readonly id: string;
  /** Everything temporary; gone after {@link Lab.stop}. Short enough for Unix sockets. */
  readonly dir: string;
  /** Stays after the lab has ended, for reading. */
  readonly logs: string;
  readonly progress: Progress;
  /** The environment of the lab's processes; HOME is inside {@link Lab.dir}. */
  readonly env: Readonly<Record<string, string>>;
  readonly exec: Exec;
  start(spec: ProcessSpec): Promise<LabProcess>;
  /** Registers what takes something back; run in reverse order at teardown, each even when another fails. */
  onStop(what: string, action: () => Promise<void> | void): void;
  /** Creates a folder below {@link Lab.dir}. */
  folder(...names: string[]): string;
  /** Takes everything back. Throws when something is left on the machine. May be called twice. */
  stop(): Promise<void>;
}

/** Options of {@link openLab}. */
export interface LabOptions {
  readonly progress: Progress;
  /** Folders put before the machine's PATH: built tools, Node 24. */
  readonly path?: readonly string[];
}

/** Opens an empty lab; first sweeps away what labs left whose supervisor is dead. */
export async function openLab(options: LabOptions): Promise<Lab> {
  await sweepDeadLabs(options.progress);
  const id = randomBytes(3).toString('hex');
  const dir = join(tmpdir(), `${DIR_PREFIX}${id}`);
  mkdirSync(join(dir, 'home'), { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, 'owner.json'), JSON.stringify(identifyProcess(process.pid)));
  const logs = join(labHome, 'logs', id);
  mkdirSync(logs, { recursive: true });
  forgetOldLogs(dirname(logs));
  const env = {
    PATH: [...(options.path ?? []), process.env['PATH'] ?? ''].join(':'),
    HOME: join(dir, 'home'),
    LANG: 'C.UTF-8',
    [MARKER]: id,
  };
  const undos: { what: string; action: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;
  const onStop: Lab['onStop'] = (what, action) => {
    undos.push({ what, action });
  };
  return {
    id,
    dir,
    logs,
    env,
    progress: options.progress,
    exec: createExec(env),
    onStop,
    folder: (...names) => {
      const path = join(dir, ...names);
      mkdirSync(path, { recursive: true });
      return path;
    },
    start: async (spec) => {
      if (stopping !== undefined) throw new Error(`${spec.name} is not started: the lab is being stopped`);
      const started = startProcess(spec, { ...env, ...spec.env }, logs);
      onStop(spec.name, started.stop);
      await waitUntilReady(spec, started);
      return started;
    },
    stop: () => {
      stopping ??= takeBack(id, dir, undos);
      return stopping;
    },
  };
}

/** Ends the lab when this process is told to end (SIGINT, SIGTERM, SIGHUP), then exits with 128 + the signal's number. */
export function stopOnSignals(lab: Lab, onSignal: (signal: string) => void = () => {}): void {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  for (const [signal, number] of Object.entries(numbers)) {
    process.once(signal, () => {
      onSignal(signal);
      process.exitCode = 128 + number;
      lab.stop().then(
        () => process.exit(),
        (error) => {
          console.error(describeError(error));
          process.exit();
        },
      );
    });
  }
}

async function takeBack(
  id: string,
  dir: string,
  undos: { what: string; action: () => Promise<void> | void }[],
): Promise<void> {
  const failures: string[] = [];
  for (const { what, action } of undos.reverse()) {
    try {
      await action();
    } catch (error) {
      failures.push(`${what}: ${describeError(error)}`);
    }
  }
  await removeTraces(id, dir);
  const left = findTraces(id, dir);
  if (left.length > 0) throw new Error(`the lab left something behind: ${[...left, ...failures].join('; ')}`);
}

async function sweepDeadLabs(progress: Progress): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!/^slipway-lab-[0-9a-f]{6}$/.test(name)) continue;
    const dir = join(tmpdir(), name);
    const owner = readOwner(dir);
    if (owner === undefined ? isYoung(dir) : isAlive(owner)) continue;
    progress.say(`  … clearing what lab ${name.slice(DIR_PREFIX.length)} left when it was killed`);
    await removeTraces(name.slice(DIR_PREFIX.length), dir);
  }
}

/** A lab that is just being opened has no owner file yet: it is not a dead one. */
function isYoung(dir: string): boolean {
  return Date.now() - modified(dir) < 10_000;
}

function readOwner(dir: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as ProcessIdentity; // we wrote it ourselves
  } catch {
    return undefined;
  }
}

function startProcess(spec: ProcessSpec, env: Record<string, string>, logs: string): LabProcess {
  const log = join(logs, `${spec.name}.log`);
  appendFileSync(log, `$ ${spec.argv.join(' ')}\n`);
  const output = openSync(log, 'a');
  const [file, ...args] = spec.argv;
  // a group of its own: the terminal's Ctrl-C must reach the supervisor alone, which then ends all in order
  const child = spawn(file, args, { cwd: spec.cwd, env, stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  let failure: Error | undefined;
  let running = true;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running = false;
      resolve();
    });
    child.once('error', (error) => {
      failure = error;
      running = false;
      resolve();
    });
  });
  const pid = child.pid ?? -1;
  return {
    name: spec.name,
    pid,
    log,
    isRunning: () => running,
    stop: async () => {
      if (!running || failure !== undefined) return;
      signalGroup(pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), spec.graceMs ?? 5_000);
      await gone;
      clearTimeout(timer);
    },
  };
}

async function waitUntilReady(spec: ProcessSpec, started: LabProcess): Promise<void> {
  const limit = performance.now() + (spec.readyWithinMs ?? 30_000);
  let lastError = '';
  for (;;) {
    if (!started.isRunning())
      throw new Error(`${spec.name} ended at once; the end of ${started.log}:\n${tail(started.log)}`);
    if (spec.ready === undefined) return;
    try {
      if (await spec.ready()) return;
    } catch (error) {
      lastError = describeError(error);
    }
    if (performance.now() > limit) {
      throw new Error(
        `${spec.name} was not ready in ${(spec.readyWithinMs ?? 30_000) / 1000} s${lastError && ` (${lastError})`}; the end of ${started.log}:\n${tail(started.log)}`,
      );
    }
    await sleep(50);
  }
}

function tail(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : '(no log)';
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // it ended by itself
  }
}

function forgetOldLogs(folder: string): void {
  const byAge = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort((a, b) => modified(b) - modified(a));
  for (const path of byAge.slice(KEPT_LOGS)) rmSync(path, { recursive: true, force: true });
}

function modified(path: string): number {
  return statSync(path).mtimeMs;
}
