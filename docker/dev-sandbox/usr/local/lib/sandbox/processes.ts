import { readdirSync, readFileSync } from 'node:fs';

/** Names the run in the environment of everything that it starts. */
export const MARK = 'SANDBOX_RUN';

/** Rounds of ending what a run left; each finds what was started during the one before. */
const ROUNDS = 50;

/**
 * Ends what a run started, also what left its group and session. In a container of its own that is every process but the
 * server and process 1: the kernel ends them in one call, so that none starts another meanwhile. Elsewhere those that carry the run's mark or descend from it. Returns how many are left, which is 0
 * unless they are started faster than they can be ended.
 */
export function endAll(run: string, root: number | undefined, ownsProcesses: boolean): number {
  if (ownsProcesses) send(-1, 'SIGKILL');
  // process 0 is the parent of what does not belong to a run: no root, no descendants
  const seen = new Set(root === undefined ? [] : [root]);
  for (let round = 0; round < ROUNDS; round++) {
    const found = findProcesses(run, seen, ownsProcesses);
    if (found.length === 0) return 0;
    // stopped first, so that none of them starts another while the next one is ended
    for (const pid of found) send(pid, 'SIGSTOP');
    for (const pid of found) send(pid, 'SIGKILL');
  }
  return findProcesses(run, seen, ownsProcesses).length;
}

function findProcesses(run: string, seen: Set<number>, ownsProcesses: boolean): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const living = all.flatMap((pid) => describe(pid));
  if (ownsProcesses) return living.filter(({ pid }) => pid !== 1 && pid !== process.pid).map(({ pid }) => pid);
  for (let more = true; more; ) {
    more = false;
    for (const { pid, parent, group } of living) {
      if (seen.has(pid) || pid === process.pid || pid === 1) continue;
      if (!seen.has(parent) && !seen.has(group) && !isMarked(pid, run)) continue;
      seen.add(pid);
      more = true;
    }
  }
  return living.filter(({ pid }) => seen.has(pid)).map(({ pid }) => pid);
}

/** Nothing for a process that has ended, buried or not. */
function describe(pid: number): { readonly pid: number; readonly parent: number; readonly group: number }[] {
  const text = read(`/proc/${pid}/stat`);
  const [state, parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' || state === 'Z' || state === 'X' ? [] : [{ pid, parent: Number(parent), group: Number(group) }];
}

function isMarked(pid: number, run: string): boolean {
  return read(`/proc/${pid}/environ`).split('\0').includes(`${MARK}=${run}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself
  }
}
