import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gate, Passing } from '#tests/support/gate.ts';

/** How a step ends: by the kernel, or told by the runner whose run is cancelled. */
export type Signal = 'SIGKILL' | 'SIGINT';

/** Returns a PATH on which a command of Terraform ends the step that starts it: before it runs, which it then does, or after. */
export function endAtCommand(
  temp: string,
  [command, when]: readonly [string, Passing['when']],
  signal: Signal,
): string {
  const folder = mkdtempSync(join(temp, 'path-'));
  const real = execFileSync('which', ['terraform'], { encoding: 'utf8' }).trim();
  const kill = `kill -s ${signal.slice('SIG'.length)} $PPID`;
  const script =
    when === 'before' ? `${kill}\n  exec ${real} "$@"` : `${real} "$@"\n  code=$?\n  ${kill}\n  exit $code`;
  writeFileSync(
    join(folder, 'terraform'),
    `#!/bin/sh\nif [ "$1" = ${command} ]; then\n  ${script}\nfi\nexec ${real} "$@"\n`,
  );
  chmodSync(join(folder, 'terraform'), 0o755);
  return `${folder}:${process.env['PATH'] ?? ''}`;
}

/** Makes a request at a gate the moment at which a step ends; `pid` is asked for then. */
export function endAtRequest(gate: Gate, at: Passing, pid: () => number, signal: Signal): void {
  gate.set(({ number, when }) => {
    if (number === at.number && when === at.when) process.kill(pid(), signal);
    return undefined;
  });
}

/** Returns both moments of each of the first `count` requests. */
export function momentsOf(count: number): Passing[] {
  const numbers = Array.from({ length: count }, (_one, number) => number);
  return numbers.flatMap((number) => [
    { number, when: 'before' },
    { number, when: 'after' },
  ]);
}

/** Waits until something is so, for 30 s. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let left = 600; !isSo(); left--) {
    if (left === 0) throw new Error('it did not come to be so in 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
