import { describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { identifyProcess } from '#lab/supervisor/traces.ts';

const exec = createExec(process.env);

describe('a program with a signal to end on', () => {
  test('is killed with all that it started', async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const running = exec(['sh', '-c', 'sleep 30 >/dev/null 2>&1 & echo $$ $!; wait'], {
      endOn: controller.signal,
      onLine: (line) => {
        pids.push(...line.split(' ').map(Number));
        controller.abort();
      },
    });
    await expect(running).rejects.toThrow('was ended by SIGKILL');
    expect(pids).toHaveLength(2);
    expect(pids.map(identifyProcess)).toEqual([undefined, undefined]);
  });

  test('leads a group of its own, which no Ctrl-C of this terminal reaches', async () => {
    const { stdout } = await exec(['sh', '-c', 'echo $$; ps -o pgid= -p $$'], { endOn: new AbortController().signal });
    const [pid, group] = stdout.toString('utf8').split('\n').map(Number);
    expect(group).toBe(pid);
  });

  test('without one stays in the group of this process', async () => {
    const { stdout } = await exec(['sh', '-c', 'echo $$; ps -o pgid= -p $$']);
    const [pid, group] = stdout.toString('utf8').split('\n').map(Number);
    expect(group).not.toBe(pid);
  });
});
