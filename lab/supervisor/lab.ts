import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createExec, type Exec } from '#core/system/exec.ts';
import { describeError } from '#core/values/errors.ts';
import { createLabFolder, type LabFolder, sweepDeadLabs } from '#lab/supervisor/folder.ts';
import { openLogs } from '#lab/supervisor/logs.ts';
import { type LabProcess, type ProcessSpec, startProcess, waitUntilReady } from '#lab/supervisor/processes.ts';
import type { Progress } from '#lab/supervisor/progress.ts';
import { labHome } from '#lab/supervisor/root.ts';
import { findTraces, MARKER, removeTraces } from '#lab/supervisor/traces.ts';

export type { LabProcess } from '#lab/supervisor/processes.ts';

/** For one action of the take-down, and for what still builds when it begins. Afterwards everything is killed anyway. */
const PATIENCE_MS = 20_000;

/** Takes something back; gets an exec that works while the lab ends. */
type Undo = (exec: Exec) => Promise<void> | void;

/** One world on loopback: its folder, its processes and the way back to a clean machine. */
export interface Lab {
  /** Six hex digits; part of every name that the lab gives to something on the machine. */
  readonly id: string;
  /** Everything temporary; gone after {@link Lab.stop}. Short enough for Unix sockets. */
  readonly dir: string;
  /** Stays after the lab has ended, for reading. */
  readonly logs: string;
  readonly progress: Progress;
  /** The environment of the lab's processes; HOME and TMPDIR are inside {@link Lab.dir}. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a program; it is killed when the lab begins to end, and from then on none is started. */
  readonly exec: Exec;
  /** Aborts when the lab begins to end. */
  readonly ending: AbortSignal;
  start(spec: ProcessSpec): Promise<LabProcess>;
  /** Registers what takes something back; run in reverse order at teardown, each even when another fails. */
  onStop(what: string, action: Undo): void;
  /** Creates a folder below {@link Lab.dir}; refuses while the lab ends. */
  folder(...names: string[]): string;
  /** Does work that {@link Lab.stop} waits for: it fails by itself once the lab ends. */
  build<T>(work: () => Promise<T>): Promise<T>;
  /** Takes everything back. Throws a {@link LeftBehind} when something is left on the machine. May be called twice. */
  stop(): Promise<void>;
}

/** Something of a lab that could not be removed. */
export class LeftBehind extends Error {
  override readonly name = 'LeftBehind';
}

/** Options of {@link openLab}. */
export interface LabOptions {
  readonly progress: Progress;
  /** Folders put before the machine's PATH: built tools, Node 24. */
  readonly path?: readonly string[];
  /** The lab ends when this aborts. */
  readonly signal?: AbortSignal;
  /** Where its folder is made; the machine's folder for temporary files by default. */
  readonly parent?: string;
}

/** Opens an empty lab; first sweeps away what labs left whose supervisor is dead. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { parent = tmpdir() } = options;
  await sweepDeadLabs(parent, options.progress);
  options.signal?.throwIfAborted();
  const { id, dir } = createLabFolder(parent);
  const logs = openLogs(join(labHome, 'logs'), id);
  const env = {
    PATH: [...(options.path ?? []), process.env['PATH'] ?? ''].join(':'),
    HOME: join(dir, 'home'),
    TMPDIR: join(dir, 'tmp'),
    LANG: 'C.UTF-8',
    [MARKER]: id,
  };
  const controller = new AbortController();
  const ending = controller.signal;
  setMaxListeners(0, ending); // one for each program that runs
  const undos: Undoing[] = [];
  const building: Promise<unknown>[] = [];
  const onStop: Lab['onStop'] = (what, action) => void undos.push({ what, action });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= takeBack({ id, dir }, createExec(env), { begin: () => controller.abort(ENDING), undos, building });
    return stopping;
  };
  options.signal?.addEventListener('abort', () => void stop().catch(() => {}), { once: true }); // who waits is told
  const exec = createExec(env);
  return {
    id,
    dir,
    logs,
    env,
    progress: options.progress,
    ending,
    exec: async (argv, given) => {
      ending.throwIfAborted();
      return exec(argv, { ...given, endOn: ending });
    },
    onStop,
    folder: (...names) => {
      ending.throwIfAborted();
      const path = join(dir, ...names);
      mkdirSync(path, { recursive: true });
      return path;
    },
    start: async (spec) => {
      ending.throwIfAborted();
      const started = startProcess(spec, { ...env, ...spec.env }, logs);
      onStop(spec.name, started.stop);
      await waitUntilReady(spec, started, ending);
      return started;
    },
    build: (work) => {
      const running = work();
      building.push(running);
      return running;
    },
    stop,
  };
}

const ENDING = new Error('the lab is being stopped');

interface Undoing {
  readonly what: string;
  readonly action: Undo;
}

interface TakeDown {
  begin(): void;
  readonly undos: Undoing[];
  readonly building: readonly Promise<unknown>[];
}

/**
 * Ends what is under way, takes back in reverse order, waits for what was being built, and removes what is left. What
 * a build registers while it ends is taken back as well. No Ctrl-C reaches the programs that are run here.
 */
async function takeBack({ id, dir }: LabFolder, exec: Exec, { begin, undos, building }: TakeDown): Promise<void> {
  begin();
  const failures: string[] = [];
  const undoAll = async (): Promise<void> => {
    for (let next = undos.pop(); next !== undefined; next = undos.pop()) {
      const { what, action } = next;
      await within(PATIENCE_MS, async () => action(undisturbed(exec))).catch((error: unknown) => {
        failures.push(`${what}: ${describeError(error)}`);
      });
    }
  };
  await undoAll();
  await within(PATIENCE_MS, () => Promise.allSettled(building)).catch(() => {});
  await undoAll();
  await removeTraces(id, dir);
  const left = findTraces(id, dir);
  if (left.length > 0) throw new LeftBehind(`the lab left something behind: ${[...left, ...failures].join('; ')}`);
}

/** A group of its own for each program: the second Ctrl-C must not end the take-down. */
function undisturbed(exec: Exec): Exec {
  const never = new AbortController().signal;
  return (argv, options) => exec(argv, { ...options, endOn: never });
}

async function within(milliseconds: number, work: () => Promise<unknown>): Promise<void> {
  const late = new AbortController();
  const limit = sleep(milliseconds, undefined, { signal: late.signal }).then(() => {
    throw new Error(`not done in ${milliseconds / 1000} s`);
  });
  try {
    await Promise.race([work(), limit]);
  } finally {
    limit.catch(() => {}); // cut short
    late.abort();
  }
}
