import type { PullBranch } from '#lab/github/pulls/records.ts';
import { type Git, resolve } from '#lab/github/rest/git.ts';

/** The branches of a repository and of its forks. */
export interface Branches {
  /** Lets branches come from this bare repository. */
  addFork(repository: string, bare: string): void;
  /** Returns the repository of an owner: undefined means ours; empty where the owner has none. */
  ofOwner(owner: string | undefined): string;
  read(repository: string, ref: string): Promise<PullBranch | undefined>;
  /** Takes a branch's commit into this repository, and keeps it under the pull request's own reference. */
  keep(pull: number, branch: PullBranch): Promise<void>;
}

/** Opens the branches; there are no forks at first. */
export function createBranches(git: Git, repository: string): Branches {
  const forks = new Map<string, string>();
  const find = async (name: string, ref: string): Promise<string | undefined> => {
    const revision = `refs/heads/${ref}^{commit}`;
    if (name === repository) return resolve(git, revision);
    const bare = forks.get(name);
    if (bare === undefined) return undefined;
    const { code, text } = await git(['--git-dir', bare, 'rev-parse', '--verify', '--quiet', revision]);
    return code === 0 ? text.trim() : undefined;
  };
  return {
    addFork: (name, bare) => void forks.set(name, bare),
    ofOwner: (owner) => {
      if (owner === undefined) return repository;
      return [repository, ...forks.keys()].find((name) => name.split('/')[0] === owner) ?? '';
    },
    read: async (name, ref) => {
      const sha = await find(name, ref);
      return sha === undefined ? undefined : { repository: name, ref, sha };
    },
    keep: async (pull, { repository: name, sha }) => {
      const bare = forks.get(name);
      if (bare !== undefined) await git(['fetch', '--quiet', '--no-tags', bare, sha]);
      await git(['update-ref', `refs/pull/${pull}/head`, sha]);
    },
  };
}
