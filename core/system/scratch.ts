import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders of one run below the runner's temporary folder. */
export interface Scratch {
  /** Returns a new empty folder. */
  folder(): Promise<string>;
  /** Calls `close` before the folders are removed: what works in them has to end first. */
  beforeRemoval(close: () => Promise<void>): void;
  /** Removes them all. */
  remove(): Promise<void>;
}

/**
 * Opens scratch space named `slipway-<purpose>-<pid>-…` below `temp` and removes what runs of this purpose left there
 * that were killed: their process is gone.
 */
export async function openScratch(temp: string, purpose: string): Promise<Scratch> {
  const prefix = `slipway-${purpose}-`;
  await removeLeftovers(temp, prefix);
  const root = await mkdtemp(join(temp, `${prefix}${process.pid}-`));
  const closing: (() => Promise<void>)[] = [];
  return {
    folder: () => mkdtemp(join(root, 'f')),
    beforeRemoval: (close) => {
      closing.push(close);
    },
    remove: async () => {
      await Promise.allSettled(closing.map((close) => close()));
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function removeLeftovers(temp: string, prefix: string): Promise<void> {
  for (const name of await readdir(temp)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    await rm(join(temp, name), { recursive: true, force: true }).catch(() => {}); // of another person, who removes it
  }
}

/** Signal 0 asks whether a process is there; one that belongs to another person says so. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
