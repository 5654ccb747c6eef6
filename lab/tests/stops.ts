import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces, removeTraces } from '#lab/supervisor/traces.ts';

/** A lab that runs as a person starts it, in a temporary folder that nothing else uses. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Closes what it prints to, as a terminal window that is closed does. */
  closeTerminal(): void;
  isHeard(): boolean;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** The temporary folder of the labs of one test, and what is left of them. */
export interface Place {
  /** Starts `node <argv>` of this repository. */
  start(argv: readonly string[]): Running;
  /**
   * Returns what the labs that were started here still have on the machine, one line each: traces by id, everything in
   * the temporary folder, every process that has this folder as its own, and what CNI plugins keep of it.
   */
  left(): string[];
  /** Ends the labs, takes away what is left of them, and removes the temporary folder. */
  close(): Promise<void>;
}

/** Opens a place; its name is short, since sockets are below it. */
export function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'slw-'));
  const ids = new Set<string>();
  const started: Running[] = [];
  const note = (): void => {
    for (const name of readdirSync(folder)) {
      const id = name.match(/^slipway-lab-([0-9a-f]{6})/)?.[1];
      if (id !== undefined) ids.add(id);
    }
  };
  return {
    start: (argv) => {
      const running = startLab(argv, folder, note);
      started.push(running);
      return running;
    },
    left: () => {
      note();
      return [
        ...[...ids].flatMap((id) => findTraces(id, join(folder, `slipway-lab-${id}`))),
        ...readdirSync(folder).map((name) => `${name} in the temporary folder`),
        ...listProcesses(folder),
        ...listCniResults(folder),
      ];
    },
    close: async () => {
      for (const { child, ended } of started) {
        child.kill('SIGKILL');
        await ended;
      }
      for (const id of ids) await removeTraces(id, join(folder, `slipway-lab-${id}`));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startLab(argv: readonly string[], folder: string, note: () => void): Running {
  const { NODE_OPTIONS: _ours, ...env } = process.env;
  const child = spawn(process.execPath, argv, {
    cwd: repositoryRoot,
    env: { ...env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // as from a shell: a group of its own
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const timer = setInterval(note, 20);
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      clearInterval(timer);
      note();
      resolve(code ?? signal ?? '');
    });
  });
  let isHeard = true;
  const closeTerminal = (): void => {
    isHeard = false;
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  };
  return { child, output: () => text, closeTerminal, isHeard: () => isHeard, ended };
}

/** Resolves when the lab has printed this, or has ended. */
export async function untilSaid({ output, ended }: Running, words: string): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && !output().includes(words)) await sleep(50);
}

function listProcesses(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder);
      return isOurs ? [`process ${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`] : [];
    } catch {
      return []; // it has ended
    }
  });
}

function listCniResults(folder: string): string[] {
  const results = '/var/lib/cni/results';
  try {
    return readdirSync(results).filter((name) => readFileSync(join(results, name), 'utf8').includes(folder));
  } catch {
    return []; // no plugin has run here
  }
}
