import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openLogs } from '#lab/supervisor/logs.ts';
import { identifyProcess } from '#lab/supervisor/traces.ts';

const DEAD = { pid: 2 ** 22 + 1, startTime: '1' }; // above Linux's highest pid

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'logs-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

function addLogs(name: string, minutesAgo: number, owner: unknown): void {
  const folder = join(parent, name);
  mkdirSync(folder);
  if (owner !== undefined) writeFileSync(join(folder, 'owner.json'), JSON.stringify(owner));
  const then = Date.now() / 1000 - minutesAgo * 60;
  utimesSync(folder, then, then);
}

test('the logs of the last five labs that have ended stay', () => {
  for (let age = 1; age <= 7; age++) addLogs(`ended-${age}`, age, DEAD);
  openLogs(parent, 'new');
  expect(readdirSync(parent).sort()).toEqual(['ended-1', 'ended-2', 'ended-3', 'ended-4', 'ended-5', 'new']);
});

test('the logs of labs that run stay, however many there are', () => {
  for (let age = 1; age <= 7; age++) addLogs(`running-${age}`, age, identifyProcess(process.pid));
  openLogs(parent, 'new');
  expect(readdirSync(parent)).toHaveLength(8);
});

test('logs whose lab has just been opened stay, and old ones without an owner go', () => {
  for (let count = 1; count <= 7; count++) addLogs(`opening-${count}`, 0, undefined);
  for (let count = 1; count <= 7; count++) addLogs(`old-${count}`, 90, undefined);
  openLogs(parent, 'new');
  expect(readdirSync(parent).filter((name) => name.startsWith('opening'))).toHaveLength(7);
  expect(readdirSync(parent).filter((name) => name.startsWith('old'))).toHaveLength(5);
});
