import { expect, test } from '@jest/globals';
import type { Git } from '#core/git/repository.ts';
import { readLanded } from '#core/release/preview.ts';
import type { CommitSha } from '#core/values/reference.ts';

const COMMIT = 'c0ffee0000000000000000000000000000000000' as CommitSha;
const TEXT = { message: 'deploy', diff: '+digest' };

/** A repository of ours and its remote, each of which has the commit or does not. */
function openGit(isHere: boolean, isThere: boolean): Git {
  const git = {
    findCommits: async () => new Set(isHere ? [COMMIT] : []),
    fetch: async () => isThere,
    show: async () => TEXT,
  };
  return git as unknown as Git;
}

test.each([
  ['by this writer', true, false],
  ['by another one', false, true],
])('a commit that was landed %s is shown', async (_who, isHere, isThere) => {
  expect(await readLanded(COMMIT, { git: openGit(isHere, isThere) })).toEqual(TEXT);
});

test('a commit that is gone from the repository is refused by name, with what to do', async () => {
  await expect(readLanded(COMMIT, { git: openGit(false, false) })).rejects.toThrow(
    `${COMMIT} landed, and somebody has forced the branch away from it since: slipway history shows what is on it now; run the command again to land it there`,
  );
});
