import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execDetached } from '#core/system/exec-detached.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-detached-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(
  script: string,
  { interruption = new AbortController().signal, onLine = (_line: string): void => {} } = {},
) {
  return execDetached(['sh', '-c', script], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    folder,
    interruption,
    onLine,
  });
}

describe('a program that must not be cut off', () => {
  test('leaves its exit code and both outputs, and each line as it comes', async () => {
    const lines: string[] = [];
    const result = await run('echo one; echo two >&2; printf "thrée\\nrest"; exit 3', {
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ code: 3, signal: null, stdout: 'one\nthrée\nrest', stderr: 'two\n' });
    expect(lines).toEqual(['one', 'thrée', 'rest']);
  });

  test('that a signal ended says which', async () => {
    expect(await run('kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('leads a group of its own, which no Ctrl-C of this terminal reaches', async () => {
    const { stdout } = await run('echo $$; ps -o pgid= -p $$');
    const [pid, group] = stdout.split('\n').map(Number);
    expect(group).toBe(pid);
  });

  test('gets SIGINT once, and is waited for', async () => {
    const controller = new AbortController();
    const script = 'trap "echo stopped" INT; echo ready; sleep 0.3; sleep 0.1; echo end';
    const result = await run(script, {
      interruption: controller.signal,
      onLine: (line) => line === 'ready' && controller.abort(),
    });
    expect(result).toMatchObject({ code: 0, stdout: 'ready\nstopped\nend\n' });
  });

  test('that is not there is refused by its name, also where it is told to stop already', async () => {
    const options = { cwd: folder, env: {}, folder, interruption: AbortSignal.abort() };
    await expect(execDetached(['no-such-program'], options)).rejects.toThrow(
      'no-such-program could not be started: not found on PATH',
    );
  });
});
