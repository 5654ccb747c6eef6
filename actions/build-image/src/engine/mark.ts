import { existsSync, readlinkSync } from 'node:fs';

/**
 * Returns the mark of this process, `<pid namespace>-<pid>`: what carries it in the Docker engine is ours. An engine may
 * serve several runners in containers, where the same pid is another process.
 */
export function ownMark(): string {
  return `${pidNamespace()}-${process.pid}`;
}

/** True for the mark of a process of our pid namespace that has ended. */
export function isDeadMark(mark: string): boolean {
  const [namespace, pid = ''] = mark.split('-');
  return namespace === pidNamespace() && /^\d+$/.test(pid) && !existsSync(`/proc/${pid}`);
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return 'none'; // not Linux: nothing is ever taken for dead
  }
}
