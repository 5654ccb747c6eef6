import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends what serves, and then us',
  async (signal) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'serves.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
    const pid = Number(/^serving (\d+)\n$/.exec(said)?.[1]);
    expect(isAlive(pid)).toBe(true);
    const ended = new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
    child.kill(signal);
    expect(await ended).toBe(signal);
    for (let waited = 0; waited < 100 && isAlive(pid); waited++) await sleep(50);
    expect(isAlive(pid)).toBe(false);
  },
  30_000,
);
