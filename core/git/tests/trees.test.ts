import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openObjects } from '#core/git/objects.ts';
import { findEntries, findObjects, lsTree, readText } from '#core/git/read.ts';
import type { RunGit } from '#core/git/remote.ts';
import { openTrees } from '#core/git/trees.ts';
import { createExec } from '#core/system/exec.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';

let dir = '';
let head = '';
let started: string[] = [];
const exec = createExec(gitEnv);
const run: RunGit = (args, options) => {
  started.push(args.join(' '));
  return exec(['git', '-C', dir, ...args], options);
};

/** Names that a shell, a pathspec or a revision would read in their own way. */
const NAMES = [
  'a b.txt',
  '-dash',
  ':(glob)x',
  'ü.txt',
  'x:y',
  '*.yaml',
  'sub/deep/er/file',
  'sub/deep',
  'sub-',
  'sub0/z',
];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-trees-'));
  git(dir, 'init', '--quiet', '--bare', '.');
  const files = NAMES.filter((name) => name !== 'sub/deep').map(
    (name) => `M 644 inline ${JSON.stringify(name)}\ndata 2\nhi\n`,
  );
  const many = Array.from({ length: 70 }, (_, at) => `M 755 inline many/${at}/run\ndata 2\nx${at % 10}\n`);
  const links = 'M 120000 inline link\ndata 3\nsub\nM 160000 f477f724500d8f3150e9e9307e6ed0df28c0033c module\n';
  const input = `commit refs/heads/main\ncommitter P <p@e> 1700000000 +0000\ndata 1\nx\n${files.join('')}${many.join('')}${links}`;
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, input });
  head = git(dir, 'rev-parse', 'main');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const PATHS = [
  ...NAMES,
  '',
  '.',
  './sub',
  'sub/',
  'sub//deep',
  'link',
  'link/deep',
  'module',
  'module/x',
  'many',
  'absent',
  'sub/absent',
  'sub/deep/er/file/x',
];

test('every path has the answer that git itself gives', async () => {
  const objects = openObjects(run, run);
  const trees = openTrees(run, objects);
  for (const revision of [head, 'refs/heads/main']) {
    for (const path of PATHS) {
      for (const recursive of [false, true])
        expect([path, recursive, await trees.lsTree(revision, path, recursive)]).toEqual([
          path,
          recursive,
          await listed(revision, path, recursive),
        ]);
      expect([path, await trees.readText(revision, path)]).toEqual([
        path,
        await readText(run, revision, path.replace(/^\.\/|\/$/g, '').replace('//', '/')),
      ]);
    }
    expect(await trees.findEntries(revision, PATHS)).toEqual(await findEntries(run, revision, PATHS));
    const names = PATHS.filter((path) => !/^\.|\/\/|\/$/.test(path)).map((path) => `${revision}:${path}`);
    expect(await trees.findObjects(names)).toEqual(await findObjects(run, names));
  }
  await objects.close();
});

/** Git lists a submodule as the one entry of itself; a folder of a commit that is elsewhere has none. */
async function listed(revision: string, path: string, recursive: boolean) {
  return path === 'module' && !recursive ? [] : lsTree(run, revision, path, recursive);
}

test('a commit that was read is not asked for again, and folders cost no process', async () => {
  const objects = openObjects(run, run);
  const trees = openTrees(run, objects);
  started = [];
  for (let time = 0; time < 3; time++) {
    await trees.lsTree(head, 'sub', true);
    await trees.findEntries(head, NAMES);
    await trees.readText(head, 'x:y');
  }
  expect(started).toEqual(['cat-file --batch']);
  await objects.close();
});

test('a commit that is not here is refused in git’s own words, and found once it is', async () => {
  const objects = openObjects(run, run);
  const trees = openTrees(run, objects);
  const absent = 'f477f724500d8f3150e9e9307e6ed0df28c0033c';
  await expect(trees.lsTree(absent, 'sub', false)).rejects.toThrow('not a tree object');
  await expect(trees.findEntries(absent, ['sub'])).rejects.toThrow('not a tree object');
  expect(await trees.readText(absent, 'sub')).toBeUndefined();
  const coming = git(dir, 'commit-tree', '-m', 'coming', `${head}^{tree}`);
  const file = join(dir, 'objects', coming.slice(0, 2), coming.slice(2));
  renameSync(file, `${file}.away`);
  await expect(trees.lsTree(coming, 'sub', false)).rejects.toThrow('not a tree object');
  renameSync(`${file}.away`, file);
  started = [];
  expect((await trees.lsTree(coming, 'sub', false)).length).toBeGreaterThan(0);
  expect(started).toEqual([]);
  const later = git(dir, 'commit-tree', '-m', 'later', `${head}^{tree}`);
  expect((await trees.lsTree(later, 'sub', true)).length).toBeGreaterThan(0);
  git(dir, 'update-ref', 'refs/heads/moving', head);
  expect((await trees.findEntries('refs/heads/moving', ['sub']))[0]).toBeDefined();
  git(dir, 'update-ref', 'refs/heads/moving', git(dir, 'commit-tree', '-m', 'empty', git(dir, 'mktree', '--missing')));
  expect((await trees.findEntries('refs/heads/moving', ['sub']))[0]).toBeUndefined();
  await objects.close();
});

test('a path that leaves the repository is refused', async () => {
  const trees = openTrees(run, openObjects(run, run));
  await expect(trees.findEntries(head, ['sub/../../etc'])).rejects.toThrow('is not inside the repository');
  await expect(trees.lsTree(head, '../etc', true)).rejects.toThrow('outside repository');
});
