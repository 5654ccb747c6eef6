import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** Says where it was called, and fails when told to. */
const NPM = '#!/bin/sh\necho "npm prints this"\npwd >> "$CALLS"\necho "$@" >> "$CALLS"\nexit "$NPM_EXIT"\n';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-setup-'));
  write('bin/npm', NPM);
  chmodSync(join(root, 'bin/npm'), 0o755);
  mkdirSync(join(root, 'scripts'));
  cpSync(join(repositoryRoot, 'scripts/setup.mjs'), join(root, 'scripts/setup.mjs'));
  for (const folder of ['.', 'app']) {
    lock(folder, 'package-lock.json', '1.0.0');
    lock(folder, 'node_modules/.package-lock.json', '1.0.0');
  }
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function lock(folder: string, file: string, version: string): void {
  const other =
    file === 'package-lock.json' ? { 'node_modules/other-platform': { version: '1.0.0', optional: true } } : {};
  write(join(folder, file), JSON.stringify({ packages: { 'node_modules/a': { version }, ...other } }));
}

/** Runs the set-up from another folder; `installs` lists where npm was called. */
function setUp(npmExit = 0) {
  const calls = join(root, 'calls');
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs')], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, CALLS: calls, NPM_EXIT: String(npmExit) },
  });
  const lines = existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [];
  return { status, stdout, stderr, installs: lines.filter((line) => line.startsWith('/')) };
}

test('all is there: nothing is run and nothing printed', () => {
  expect(setUp()).toEqual({ status: 0, stdout: '', stderr: '', installs: [] });
});

test('a fresh clone: both are installed, and standard output stays empty for what comes after', () => {
  for (const folder of ['.', 'app']) rmSync(join(root, folder, 'node_modules'), { recursive: true });
  const { status, stdout, stderr, installs } = setUp();
  expect({ status, stdout, installs }).toEqual({ status: 0, stdout: '', installs: [root, join(root, 'app')] });
  expect(stderr).toContain('Installing the packages of Slipway');
  expect(stderr).toContain('npm prints this');
});

test('a lock with another version: that folder alone is installed', () => {
  lock('app', 'package-lock.json', '2.0.0');
  expect(setUp().installs).toEqual([join(root, 'app')]);
});

test('an install that fails ends it, with npm’s exit code', () => {
  for (const folder of ['.', 'app']) rmSync(join(root, folder, 'node_modules'), { recursive: true });
  const { status, stderr, installs } = setUp(7);
  expect({ status, installs }).toEqual({ status: 7, installs: [root] });
  expect(stderr).toContain('npm could not install the packages of Slipway');
});
