import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '#core/values/errors.ts';

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

/** Starts a process in a group of its own: a terminal's Ctrl-C reaches the supervisor alone, which ends all in order. */
export function startProcess(spec: ProcessSpec, env: Record<string, string>, logs: string): LabProcess {
  const log = join(logs, `${spec.name}.log`);
  appendFileSync(log, `$ ${spec.argv.join(' ')}\n`);
  const output = openSync(log, 'a');
  const [file, ...args] = spec.argv;
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

/** Resolves when the process is ready; throws when it has ended, when time is up, and when `ending` aborts. */
export async function waitUntilReady(spec: ProcessSpec, started: LabProcess, ending: AbortSignal): Promise<void> {
  const limit = performance.now() + (spec.readyWithinMs ?? 30_000);
  let lastError = '';
  for (;;) {
    ending.throwIfAborted();
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
