import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createScratchGit } from '#core/git/repository.ts';
import { type Reach, readReach } from '#core/overlay/reach.ts';
import { createExec } from '#core/system/exec.ts';
import { parseCommitSha } from '#core/values/reference.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';

let root = '';
let reach: Reach;

const FILES = {
  'base/kustomization.yaml': 'resources: [bot.yaml]\n',
  'parts/a/kustomization.yaml': 'components: [../b]\n',
  'parts/b/Kustomization': 'patches: [{path: ../../patches/memory.yaml}]\n',
  'over lays/kustomization.yaml': 'resources:\n- ../spaced\n  name\n',
  'overlays/plain/kustomization.yaml': 'resources: [../../base]\n',
  'overlays/parts/kustomization.yaml': 'resources: [x.yaml]\ncomponents: [../../parts/a]\n',
  'overlays/escaped/kustomization.yaml': 'resources: ["../../b\\x61se"]\n',
  'overlays/dotted/kustomization.yaml': 'resources: [../../base/sub/..]\n',
  'overlays/linked/kustomization.yaml': 'configMapGenerator: [{name: a, files: [../../link/app.conf]}]\n',
  'overlays/nested/inner/kustomization.yaml': 'resources: [../../../base]\n',
  'overlays/alone/kustomization.yaml': 'resources: [own.yaml]\n',
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-reach-'));
  const clone = join(root, 'clone');
  git(root, 'init', '-q', '-b', 'main', clone);
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
  }
  symlinkSync('shared/now', join(clone, 'link'));
  mkdirSync(join(clone, 'shared'));
  symlinkSync('v2', join(clone, 'shared/now'));
  symlinkSync('round', join(clone, 'round'));
  execFileSync('git', ['add', '-A'], { cwd: clone, env: gitEnv });
  git(clone, 'commit', '-q', '-m', 'overlays');
  const remote = { url: `file://${clone}`, token: '' };
  const scratch = createScratchGit({
    exec: createExec(gitEnv),
    dir: join(root, 'scratch'),
    remote,
    configCount: 0,
    borrow: clone,
  });
  reach = await readReach(scratch, parseCommitSha('HEAD', git(clone, 'rev-parse', 'HEAD')));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const OVERLAYS = ['plain', 'parts', 'escaped', 'dotted', 'linked', 'nested', 'alone'];
const reachedBy = (...paths: string[]): string[] => {
  const reached = reach.reachedFrom(paths);
  return OVERLAYS.filter((name) => reached.has(`overlays/${name}`));
};

test.each<[string, readonly string[]]>([
  ['base/bot.yaml', ['plain', 'escaped', 'dotted', 'nested']],
  ['base/new-and-not-referred-to.yaml', ['plain', 'escaped', 'dotted', 'nested']],
  ['patches/memory.yaml', ['parts']],
  ['parts/b/Kustomization', ['parts']],
  ['shared/v2/app.conf', ['linked']],
  ['shared/now', ['linked']],
  ['link', ['linked']],
  ['overlays/alone/own.yaml', ['alone']],
  ['overlays/alone-not/own.yaml', []],
  ['base.yaml', []],
  ['app/main.js', []],
  ['spaced name/x.yaml', []],
])('%s reaches %j', (path, overlays) => {
  expect(reachedBy(path)).toEqual(overlays);
});

test('a name that YAML breaks over two lines is found, and links that lead round in a circle come to an end', () => {
  expect(reach.reachedFrom(['spaced name/q/z.yaml']).has('over lays')).toBe(true);
  expect(reachedBy('round')).toEqual([]);
});
