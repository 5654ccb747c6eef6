import type { RunGit } from '#core/git/remote.ts';
import { parsePrintedCommit } from '#core/git/sha256.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Returns the best common ancestor of two commits, by the history that is here; undefined where there is none. */
export async function mergeBase(run: RunGit, one: CommitSha, other: CommitSha): Promise<CommitSha | undefined> {
  const { code, stdout } = await run(['merge-base', one, other], { accept: [0, 1] });
  return code === 0 ? parsePrintedCommit(`merge-base ${one} ${other}`, stdout.toString('utf8').trim()) : undefined;
}

/** Returns the paths at which two commits differ; a file that moved is at both. Reads trees alone. */
export async function listChangedPaths(run: RunGit, from: CommitSha, to: CommitSha): Promise<string[]> {
  const { stdout } = await run(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to, '--']);
  return stdout.toString('utf8').split('\0').filter(Boolean);
}

/** Returns the files of a commit that have a line of a pattern (extended regular expression), of those that `globs` name. */
export async function grep(
  run: RunGit,
  commit: CommitSha,
  pattern: string,
  globs: readonly string[],
): Promise<string[]> {
  const argv = ['grep', '-lzIE', '--full-name', '-e', pattern, commit, '--', ...globs];
  const { stdout } = await run(argv, { accept: [0, 1] });
  const found = stdout.toString('utf8').split('\0').filter(Boolean);
  return found.map((name) => name.slice(commit.length + 1));
}
