import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const inShell = promisify(execFile);

/** What outlives its processes: the kernel's list of it, and how `ipcrm` is told to remove one. */
const KEPT_BY_KERNEL = [
  ['/proc/sysvipc/shm', '-m'],
  ['/proc/sysvipc/msg', '-q'],
  ['/proc/sysvipc/sem', '-s'],
] as const;

/**
 * Removes what earlier runs left outside of the workspaces, in folders that every run may write and in the kernel:
 * interpreters look for modules there, and memory stays taken. What cannot be removed stays, and does not keep the others.
 */
export async function clearLeftovers(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    // a folder may have no rights for its owner any more
    const script =
      'chmod -R u+rwX -- "$1" 2>/dev/null; find "$1" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + 2>/dev/null; true';
    if (existsSync(folder)) await inShell('/bin/sh', ['-c', script, 'clear', folder]);
  }
  const removals = KEPT_BY_KERNEL.flatMap(([list, option]) => readIds(list).flatMap((id) => [option, id]));
  for (let start = 0; start < removals.length; start += 1_000)
    await inShell('ipcrm', removals.slice(start, start + 1_000)).catch(() => {}); // no such program, or another user's
}

/** The second column of a list, below its title. */
function readIds(list: string): string[] {
  if (!existsSync(list)) return [];
  const rows = readFileSync(list, 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => row.trim().split(/\s+/)[1] ?? []);
}
