import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, isAlive, type ProcessIdentity } from '#lab/supervisor/traces.ts';

const POLL_MS = 250;

/**
 * Does `work` while this process alone holds the claim file at `path`. A live holder is waited for, and `onWait` told
 * of it once; the claim of a dead one is taken over. A claim saves double work, nothing else: whatever is built is
 * renamed into place whole, so that two holders at once would still do no harm.
 */
export async function withClaim<T>(path: string, onWait: (holder: number) => void, work: () => Promise<T>): Promise<T> {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error(`/proc/${process.pid}/stat cannot be read: the lab needs Linux`);
  mkdirSync(dirname(path), { recursive: true });
  let told: number | undefined;
  while (!take(path, self)) {
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (isAlive(holder)) {
      if (told !== holder.pid) onWait(holder.pid);
      told = holder.pid;
      await sleep(POLL_MS);
    } else {
      discard(path, holder);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** A link appears with its whole content or not at all, so no process reads half a claim. */
function take(path: string, self: ProcessIdentity): boolean {
  const own = `${path}.${self.pid}`;
  writeFileSync(own, JSON.stringify(self));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false; // fs throws nothing else
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Takes a dead holder's claim away, and puts it back when a live one was quicker and it is theirs by now. */
function discard(path: string, dead: ProcessIdentity): void {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    if (readHolder(aside)?.pid !== dead.pid) linkSync(aside, path);
  } catch {
    // another process removed it first
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Returns the process that holds the claim; undefined when none does. A claim that cannot be read belongs to a dead process. */
function readHolder(path: string): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as ProcessIdentity; // written by take alone
  } catch {
    return { pid: 0, startTime: '' };
  }
}
