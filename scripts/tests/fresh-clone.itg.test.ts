import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** A real clone, a real npm, and nothing of this folder's packages on PATH. */
const parts = (process.env['PATH'] ?? '').split(delimiter);
const path = parts.filter((part) => !part.includes('node_modules')).join(delimiter);
let folder = '';
let clone = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-fresh-'));
  clone = join(folder, 'clone');
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${repositoryRoot}`, clone]);
  for (const file of ['package.json', 'scripts/setup.mjs']) cpSync(join(repositoryRoot, file), join(clone, file));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(...words: string[]) {
  const env = { PATH: path, HOME: process.env['HOME'] };
  return spawnSync('npm', ['run', '-s', ...words], { cwd: clone, encoding: 'utf8', env });
}

test('the first command of all installs what it needs, and prints its own words alone', () => {
  const { status, stdout, stderr } = npm('check:trust', '--', '--help');
  expect([status, stderr.split('\n')[0]]).toEqual([0, 'Installing the packages of Slipway (once, from the lock) …']);
  expect(stdout).toMatch(/^Says whether anyone but a repository's own workflows could assume a role\.\n/);
}, 600_000);

test('the next command installs nothing', () => {
  const { status, stdout, stderr } = npm('keys', '--', '--help');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('usage: npm run -s keys --');
}, 60_000);

test('packages that were taken away come back before the command runs, and its output stays JSON', () => {
  for (const name of ['node', 'zod', '.package-lock.json'])
    rmSync(join(clone, 'node_modules', name), { recursive: true, force: true });
  const policy = {
    rules: [
      {
        rulePriority: 1,
        selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 5 },
        action: { type: 'expire' },
      },
    ],
  };
  writeFileSync(join(clone, 'policy.json'), JSON.stringify(policy));
  writeFileSync(join(clone, 'images.json'), JSON.stringify({ imageDetails: [] }));
  const files = ['--policy', 'policy.json', '--images', 'images.json', '--now', '2026-11-24T03:00:00Z'];
  const { status, stdout } = npm('expire', '--', ...files);
  expect([status, typeof JSON.parse(stdout)]).toEqual([0, 'object']);
  expect(existsSync(join(clone, 'node_modules/zod'))).toBe(true);
}, 600_000);
