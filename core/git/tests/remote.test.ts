import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readOriginUrl } from '#core/git/checkout.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { createExec } from '#core/system/exec.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

const exec = createExec(gitEnv);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-remote-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each(['absolute', 'relative'])('a remote that is an %s path gives parts of a repository', async (kind) => {
  const [remote, clone] = [join(root, 'a tenant 100%.git'), join(root, 'clone')];
  openRepositories(remote, clone);
  const head = commitFiles(clone, { 'a file': 'text\n' }, 'first');
  git(clone, 'remote', 'set-url', 'origin', kind === 'absolute' ? remote : '../a tenant 100%.git');
  const url = await readOriginUrl(exec, clone);
  expect(url).toBe(`file://${root}/a%20tenant%20100%25.git`);
  const scratch = await createScratchGit({
    exec,
    dir: join(root, 'scratch'),
    remote: { url, token: '' },
    configCount: 0,
  });
  expect(await scratch.fetch({ refspecs: [`${head}:refs/x`], depth: 1, filter: 'blob:none' })).toBe(true);
  expect(await scratch.revParse('refs/x')).toBe(head);
});

test('a remote with an address stays as it is', async () => {
  git(root, 'init', '-q', '.');
  for (const url of ['https://github.example/acme/tenant.git', 'git@github.example:acme/tenant.git']) {
    git(root, 'config', 'remote.origin.url', url);
    expect(await readOriginUrl(exec, root)).toBe(url);
  }
});
