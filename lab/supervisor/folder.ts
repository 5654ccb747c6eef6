import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '#lab/supervisor/progress.ts';
import { identifyProcess, isAlive, type ProcessIdentity, removeTraces } from '#lab/supervisor/traces.ts';

const PREFIX = 'slipway-lab-';

/** A lab's name and its folder. */
export interface LabFolder {
  /** Six hex digits. */
  readonly id: string;
  readonly dir: string;
}

/**
 * Makes the folder of a new lab, with the file that names its owner. It appears with that file or not at all: killed
 * at any moment, it is found by {@link sweepDeadLabs}.
 */
export function createLabFolder(parent: string): LabFolder {
  const owner = identifyProcess(process.pid);
  if (owner === undefined) throw new Error(`/proc/${process.pid}/stat cannot be read: the lab needs Linux`);
  const id = randomBytes(3).toString('hex');
  const dir = join(parent, `${PREFIX}${id}`);
  const unfinished = `${dir}.${owner.pid}.${owner.startTime}`;
  for (const name of ['home', 'tmp']) mkdirSync(join(unfinished, name), { recursive: true, mode: 0o700 });
  writeFileSync(join(unfinished, 'owner.json'), JSON.stringify(owner));
  renameSync(unfinished, dir);
  return { id, dir };
}

/** Removes what labs left in `parent` whose supervisor is dead. */
export async function sweepDeadLabs(parent: string, progress: Progress): Promise<void> {
  for (const name of readdirSync(parent)) {
    const [, id, pid, startTime] = name.match(/^slipway-lab-([0-9a-f]{6})(?:\.(\d+)\.(\d+))?$/) ?? [];
    if (id === undefined) continue;
    const dir = join(parent, name);
    if (pid !== undefined && startTime !== undefined) {
      if (!isAlive({ pid: Number(pid), startTime })) rmSync(dir, { recursive: true, force: true });
      continue;
    }
    const owner = readOwner(dir);
    // without the file its removal was under way: finishing that does no harm to anyone who is at it as well
    if (owner !== undefined && isAlive(owner)) continue;
    progress.say(`  … clearing what lab ${id} left when it was killed`);
    await removeTraces(id, dir);
  }
}

/** True while the supervisor of the lab in `dir` lives. */
export function isLabAlive(dir: string): boolean {
  const owner = readOwner(dir);
  return owner !== undefined && isAlive(owner);
}

function readOwner(dir: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as ProcessIdentity; // we wrote it ourselves
  } catch {
    return undefined;
  }
}
