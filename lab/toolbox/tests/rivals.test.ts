import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { inFolder } from '#lab/toolbox/tests/samples.ts';

const slowMaker = join(dirname(fileURLToPath(import.meta.url)), 'slow-maker.ts');

test('two at once build once, and the second says that it waits', () =>
  inFolder(async (folder) => {
    const first = start(folder, 'waits');
    await until(() => events(folder).includes('half'));
    const second = start(folder, 0);
    await Promise.all([ended(first), ended(second)]);
    expect(events(folder)).toEqual(['half', 'waits', 'whole', 'ended', 'ended']);
    expect(binaries(folder)).toEqual(['half and half']);
  }));

test('eight that start in the same moment build once', () =>
  inFolder(async (folder) => {
    await Promise.all(Array.from({ length: 8 }, () => ended(start(folder, 100))));
    expect(events(folder).filter((event) => event === 'half')).toHaveLength(1);
    expect(events(folder).filter((event) => event === 'ended')).toHaveLength(8);
  }));

test('one that is killed half-way leaves no tool, and the next one builds it and sweeps', () =>
  inFolder(async (folder) => {
    const killed = start(folder, 60_000);
    await until(() => events(folder).includes('half'));
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(binaries(folder)).toEqual([]);
    expect(readdirSync(join(folder, 'tools', 'staging'))).toHaveLength(1);
    await ended(start(folder, 0));
    expect(events(folder)).toEqual(['half', 'half', 'whole', 'ended']);
    expect(binaries(folder)).toEqual(['half and half']);
    expect(readdirSync(join(folder, 'tools', 'staging'))).toEqual([]);
    expect(readdirSync(join(folder, 'tools')).filter((name) => name.includes('.claim'))).toEqual([]);
  }));

test('one that waits takes over from one that is killed', () =>
  inFolder(async (folder) => {
    const killed = start(folder, 60_000);
    await until(() => events(folder).includes('half'));
    const next = start(folder, 0);
    await until(() => events(folder).includes('waits'));
    killed.kill('SIGKILL');
    await ended(next);
    expect(events(folder)).toEqual(['half', 'waits', 'half', 'whole', 'ended']);
  }));

test.each([
  ['whose holder is dead', JSON.stringify({ pid: 4_000_000, startTime: '1' })],
  ['whose pid another process has by now', JSON.stringify({ pid: process.pid, startTime: '1' })],
  ['that cannot be read', ''],
])('a claim %s stops none of eight, and one of them builds', (_what, claim) =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'tools'));
    writeFileSync(join(folder, 'tools', `${await toolFolder()}.claim`), claim);
    await Promise.all(Array.from({ length: 8 }, () => ended(start(folder, 100))));
    expect(events(folder).filter((event) => event === 'half')).toHaveLength(1);
    expect(events(folder).filter((event) => event === 'ended')).toHaveLength(8);
  }),
);

/** `delay`: milliseconds, or the event that the build waits for. */
function start(folder: string, delay: number | string): ChildProcess {
  const argv = [slowMaker, join(folder, 'tools'), join(folder, 'log'), String(delay)];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  expect(code).toBe(0);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (isTrue()) return;
    await sleep(20);
  }
  throw new Error('it did not happen within 10 s');
}

function events(folder: string): string[] {
  const log = join(folder, 'log');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
}

function toolFolder(): Promise<string> {
  return inFolder(async (other) => {
    await ended(start(other, 0));
    return tools(other)[0] ?? '';
  });
}

function tools(folder: string): string[] {
  return readdirSync(join(folder, 'tools')).filter((name) => /^saw-[\w.]+-[0-9a-f]{8}$/.test(name));
}

function binaries(folder: string): string[] {
  return tools(folder).map((name) => readFileSync(join(folder, 'tools', name, 'bin', 'saw'), 'utf8'));
}
