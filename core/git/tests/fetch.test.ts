import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createScratchGit } from '#core/git/repository.ts';
import { createExec } from '#core/system/exec.ts';
import { commitFiles, openRepositories } from '#tests/support/repositories.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-fetch-'));

afterAll(() => rmSync(root, { recursive: true }));

test('fetches of one repository at once do not fight over its locks', async () => {
  const [remote, clone] = [join(root, 'remote.git'), join(root, 'clone')];
  openRepositories(remote, clone);
  const commits = Array.from({ length: 12 }, (_, index) => commitFiles(clone, { file: `${index}` }, `${index}`));
  const exec = createExec({ PATH: process.env['PATH'], HOME: root });
  const git = await createScratchGit({
    exec,
    dir: join(root, 'scratch'),
    remote: { url: `file://${remote}`, token: '' },
    configCount: 0,
  });
  const fetches = commits.map((commit) => git.fetch({ refspecs: [`${commit}:refs/slipway/past/${commit}`], depth: 1 }));
  expect(await Promise.all(fetches)).toEqual(commits.map(() => true));
});
