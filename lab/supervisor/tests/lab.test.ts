import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { findTraces, identifyProcess } from '#lab/supervisor/traces.ts';

let temp: string;
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'labs-'));
});
afterEach(() => {
  expect(readdirSync(temp)).toEqual([]);
  rmSync(temp, { recursive: true });
});

const open = (signal?: AbortSignal): Promise<Lab> =>
  openLab({ progress: silentProgress, parent: temp, ...(signal === undefined ? {} : { signal }) });
const ENDED = 'the lab is being stopped';

describe('a lab that ends', () => {
  test('kills what runs and begins nothing any more', async () => {
    const lab = await open();
    await lab.start({ name: 'sleeper', argv: ['sleep', '60'] });
    const running = lab.exec(['sleep', '60']);
    const stopping = lab.stop();
    await expect(running).rejects.toThrow('was ended by SIGKILL');
    await expect(lab.exec(['true'])).rejects.toThrow(ENDED);
    await expect(lab.start({ name: 'late', argv: ['sleep', '60'] })).rejects.toThrow(ENDED);
    expect(() => lab.folder('late')).toThrow(ENDED);
    await stopping;
    expect(findTraces(lab.id, lab.dir)).toEqual([]);
  });

  test('kills what runs before it takes anything back', async () => {
    const lab = await open();
    const running = lab.exec(['sleep', '60']);
    const gone = running.catch(() => 'gone');
    let seen: unknown;
    lab.onStop('look', async () => {
      seen = await Promise.race([gone, sleep(1_000, 'alive')]);
    });
    await lab.stop();
    expect(seen).toBe('gone');
  });

  test('waits no longer for a process that is not ready yet', async () => {
    const lab = await open();
    const starting = lab.start({ name: 'never', argv: ['sleep', '60'], ready: async () => false });
    const refused = expect(starting).rejects.toThrow(ENDED);
    await lab.stop();
    await refused;
  });

  test('takes back what a build registers while it ends, and waits for the build', async () => {
    const lab = await open();
    const taken: string[] = [];
    lab.onStop('first', () => void taken.push('first'));
    void lab.build(async () => {
      await sleep(200);
      lab.onStop('late', () => void taken.push('late'));
      mkdirSync(join(lab.dir, 'made', 'late'), { recursive: true });
    });
    await lab.stop();
    expect(taken).toEqual(['first', 'late']);
  });

  test('takes back the rest where one action fails, the last first', async () => {
    const lab = await open();
    const taken: string[] = [];
    for (const name of ['one', 'two', 'three'])
      lab.onStop(name, () => {
        taken.push(name);
        if (name === 'two') throw new Error('no');
      });
    await lab.stop();
    expect(taken).toEqual(['three', 'two', 'one']);
  });

  test('lets the programs that take things back run, in groups that no Ctrl-C reaches', async () => {
    const lab = await open();
    let printed = '';
    lab.onStop('program', async (exec) => {
      printed = (await exec(['sh', '-c', 'echo $$; ps -o pgid= -p $$'])).stdout.toString('utf8');
    });
    await lab.stop();
    const [pid, group] = printed.split('\n').map(Number);
    expect(group).toBe(pid);
  });

  test('ends by the signal that it was opened with, and stopping it again is the same end', async () => {
    const controller = new AbortController();
    const lab = await open(controller.signal);
    let times = 0;
    lab.onStop('count', () => void times++);
    controller.abort();
    await Promise.all([lab.stop(), lab.stop()]);
    expect(times).toBe(1);
    await expect(open(controller.signal)).rejects.toThrow();
  });
});

test("temporary files of the lab's programs are inside its folder", async () => {
  const lab = await open();
  const { stdout } = await lab.exec(['mktemp']);
  expect(stdout.toString('utf8')).toContain(`${lab.dir}/`);
  await lab.stop();
});

describe('the next start clears what a killed lab left', () => {
  const DEAD = { pid: 2 ** 22 + 1, startTime: '1' }; // above Linux's highest pid

  test('with its owner named', async () => {
    const left = join(temp, 'slipway-lab-aaaaaa');
    mkdirSync(join(left, 'tmp'), { recursive: true });
    writeFileSync(join(left, 'owner.json'), JSON.stringify(DEAD));
    await (await open()).stop();
    expect(existsSync(left)).toBe(false);
  });

  test('when it was killed before its folder was finished', async () => {
    const left = join(temp, `slipway-lab-bbbbbb.${DEAD.pid}.${DEAD.startTime}`);
    mkdirSync(join(left, 'home'), { recursive: true });
    await (await open()).stop();
    expect(existsSync(left)).toBe(false);
  });

  test('when it was killed while its folder was removed', async () => {
    const left = join(temp, 'slipway-lab-cccccc');
    mkdirSync(join(left, 'docker'), { recursive: true });
    await (await open()).stop();
    expect(existsSync(left)).toBe(false);
  });

  test('and leaves a lab alone whose supervisor lives', async () => {
    const alive = identifyProcess(process.pid);
    const folders = ['slipway-lab-dddddd', `slipway-lab-eeeeee.${alive?.pid}.${alive?.startTime}`];
    for (const name of folders) mkdirSync(join(temp, name));
    writeFileSync(join(temp, 'slipway-lab-dddddd', 'owner.json'), JSON.stringify(alive));
    await (await open()).stop();
    expect(readdirSync(temp).sort()).toEqual(folders);
    for (const name of folders) rmSync(join(temp, name), { recursive: true });
  });
});
