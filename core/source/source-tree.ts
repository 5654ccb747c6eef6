import { refuseUnread } from '#core/git/checkout.ts';
import { findEntries, readText, revParse } from '#core/git/read.ts';
import type { RunGit } from '#core/git/remote.ts';
import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What one commit holds. */
export interface SourceTree {
  readonly commit: CommitSha;
  /** Returns the entries of paths, in their order; undefined for a path that the commit does not have. */
  findEntries(paths: readonly string[]): Promise<(TreeEntry | undefined)[]>;
  /** Returns a file's text, or undefined where the commit has no such file. */
  readText(path: string): Promise<string | undefined>;
}

/** Opens the commit that is checked out in `checkout`. What else lies in the work tree is never read. */
export async function openSourceTree(exec: Exec, checkout: string): Promise<SourceTree> {
  const run: RunGit = (args, options) => exec(['git', '-C', checkout, ...args], options);
  const commit = await revParse(run, 'HEAD');
  if (commit === undefined) {
    await refuseUnread(exec, checkout, 'run actions/checkout in an earlier step');
    throw new Refusal(`no commit is checked out in ${checkout}; run actions/checkout in an earlier step`);
  }
  return {
    commit,
    findEntries: (paths) => findEntries(run, commit, paths),
    readText: (path) => readText(run, commit, path),
  };
}

/** Opens a commit that a repository of our own has. */
export function openCommit(git: Git, commit: CommitSha): SourceTree {
  return {
    commit,
    findEntries: (paths) => git.findEntries(commit, paths),
    readText: (path) => git.readText(commit, path),
  };
}
