import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { createExec } from '#core/system/exec.ts';
import { commitFiles, openRepositories } from '#tests/support/repositories.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-fetch-'));

afterAll(() => rmSync(root, { recursive: true }));

function openScratch(name: string, remote: string): Git {
  const exec = createExec({ PATH: process.env['PATH'], HOME: root });
  return createScratchGit({
    exec,
    dir: join(root, name),
    remote: { url: `file://${remote}`, token: '' },
    configCount: 0,
  });
}

test('fetches of one repository at once do not fight over its locks', async () => {
  const [remote, clone] = [join(root, 'remote.git'), join(root, 'clone')];
  openRepositories(remote, clone);
  const commits = Array.from({ length: 12 }, (_, index) => commitFiles(clone, { file: `${index}` }, `${index}`));
  const git = openScratch('scratch', remote);
  const fetches = commits.map((commit) => git.fetch({ refspecs: [`${commit}:refs/slipway/past/${commit}`], depth: 1 }));
  expect(await Promise.all(fetches)).toEqual(commits.map(() => true));
});

test('a fetch afresh brings the whole history where parts of it were here, without asking for the rest of them', async () => {
  const [remote, clone] = [join(root, 'long.git'), join(root, 'long')];
  openRepositories(remote, clone);
  const commits = Array.from({ length: 9 }, (_, index) => commitFiles(clone, { file: `${index}` }, `${index}`));
  const [head = '', old = ''] = [commits[8], commits[4]];
  const git = openScratch('part', remote);
  await git.fetch({ refspecs: [`+${head}:refs/slipway/branch`], depth: 2, filter: 'tree:0' });
  await git.fetch({ refspecs: [`${old}:refs/slipway/sources/${old}`], depth: 1, filter: 'tree:0' });
  expect((await git.log(head, '')).map(({ commit }) => commit)).toEqual([head, commits[7]]);
  await git.fetch({ refspecs: [`+${head}:refs/slipway/branch`], depth: 2_147_483_647, filter: 'tree:0', afresh: true });
  expect(git.isShallow()).toBe(false);
  const whole = [...(await git.log(head, '')).map(({ commit }) => commit)].reverse();
  expect(whole.slice(-9)).toEqual(commits);
  expect(await git.isAncestor(old, head)).toBe(true);
  expect((await git.readRefs(['refs/slipway/'])).map(({ ref }) => ref)).toEqual(['refs/slipway/branch']);
});
