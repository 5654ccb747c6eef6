import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findCommonCommit } from '#core/git/common-commit.ts';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { createExec } from '#core/system/exec.ts';
import { parseCommitSha } from '#core/values/reference.ts';
import { git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

let root = '';
let remote = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-common-'));
  remote = join(root, 'remote.git');
  openRepositories(remote, join(root, 'clone'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (name: string): Git =>
  createScratchGit({
    exec: createExec(gitEnv),
    dir: join(root, name),
    remote: { url: `file://${remote}`, token: '' },
    configCount: 0,
  });

/** Commits by their marks, each with the marks of its parents, oldest first. */
function importCommits(commits: readonly (readonly [mark: number, ...parents: number[]])[]): (mark: number) => string {
  const lines = commits.map(([mark, first, ...others]) =>
    [
      `commit refs/heads/c${mark}`,
      `mark :${mark}`,
      `committer P <p@example.com> ${1_700_000_000 + mark} +0000`,
      'data 1\nx',
      ...(first === undefined ? [] : [`from :${first}`]),
      ...others.map((parent) => `merge :${parent}`),
      '',
    ].join('\n'),
  );
  execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: remote, input: `${lines.join('\n')}\n` });
  return (mark) => git(remote, 'rev-parse', `c${mark}`);
}

const chain = (from: number, count: number, parent: number) =>
  Array.from({ length: count }, (_, at): [number, number] => [from + at, at === 0 ? parent : from + at - 1]);

test('an ancestor that is seen first does not hide a better one behind the end of the fetched history', async () => {
  // 1 ── 2 ── 100 … 199 (head, with 1 as a second parent of its last), and 2 ── 300 (base, with 1 as well)
  const commitOf = importCommits([[1], ...chain(2, 1, 1), ...chain(100, 99, 2), [199, 198, 1], [300, 2, 1]]);
  const ends = [300, 199].map((mark) => parseCommitSha('end', commitOf(mark)));
  const [base, head] = [parseCommitSha('base', ends[0] ?? ''), parseCommitSha('head', ends[1] ?? '')];
  expect(await findCommonCommit(base, head, { git: open('one'), commits: open('two') })).toBe(commitOf(2));
});

test('one commit is what it has in common with itself', async () => {
  const head = parseCommitSha('head', git(remote, 'rev-parse', 'c300'));
  expect(await findCommonCommit(head, head, { git: open('three'), commits: open('four') })).toBe(head);
});
