import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PullRecord, PullSettings } from '#lab/github/pulls/records.ts';
import { describeSquash } from '#lab/github/pulls/squash.ts';
import type { Git } from '#lab/github/rest/git.ts';

/** How a merge is asked for. */
export interface MergeAsked {
  readonly method: 'merge' | 'squash' | 'rebase';
  /** The head that was looked at. */
  readonly sha: string | undefined;
  readonly title: string | undefined;
  readonly message: string | undefined;
}

/** Makes the commits of merges; moves no branch. */
export interface Merger {
  /** Returns the commit of the head merged into `base`, the same one for the same two; undefined at a conflict. */
  test(pull: PullRecord, base: string): Promise<string | undefined>;
  /** Returns the commit that the base moves to; undefined at a conflict. */
  merge(pull: PullRecord, base: string, asked: MergeAsked): Promise<string | undefined>;
}

/** Opens the merges of a bare repository. */
export function createMerger(git: Git, now: () => Date, settings: PullSettings): Merger {
  const tests = new Map<string, Promise<string | undefined>>();
  const commit = async (tree: string, parents: readonly string[], message: string): Promise<string> => {
    const { text } = await git(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])], {
      input: message,
      env: identityAt(now()),
    });
    return text.trim();
  };
  const mergeTrees = async (base: string, head: string): Promise<string | undefined> => {
    const { code, text } = await git(['merge-tree', '--write-tree', base, head]);
    return code === 0 ? text.split('\n')[0] : undefined;
  };
  const test: Merger['test'] = (pull, base) => {
    const { sha } = pull.head;
    const made = tests.get(`${base} ${sha}`);
    const make = async (): Promise<string | undefined> => {
      const tree = await mergeTrees(base, sha);
      return tree === undefined ? undefined : commit(tree, [base, sha], `Merge ${sha} into ${base}\n`);
    };
    const merged = made ?? make();
    tests.set(`${base} ${sha}`, merged);
    return merged;
  };
  return {
    test,
    merge: async (pull, base, { method, title, message }) => {
      const { number, head } = pull;
      if (method === 'rebase') return rebase(git, base, head.sha, identityAt(now()));
      const tree = await mergeTrees(base, head.sha);
      if (tree === undefined) return undefined;
      const owner = head.repository.split('/')[0] ?? '';
      const standard =
        method === 'squash'
          ? await describeSquash(git, pull, base, settings)
          : { title: `Merge pull request #${number} from ${owner}/${head.ref}`, message: pull.title };
      const text = `${title ?? standard.title}\n\n${message ?? standard.message}`.trim();
      return commit(tree, method === 'squash' ? [base] : [base, head.sha], `${text}\n`);
    },
  };
}

/** Copies the head's own commits onto the base, each with its author. */
async function rebase(
  git: Git,
  base: string,
  head: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-rebase-'));
  const tree = join(folder, 'tree');
  const committer = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('GIT_COMMITTER')));
  try {
    await git(['worktree', 'add', '--quiet', '--detach', tree, base]);
    const fork = (await git(['merge-base', base, head])).text.trim();
    const { code } = await git(['-C', tree, 'cherry-pick', '--allow-empty', `${fork}..${head}`], { env: committer });
    return code === 0 ? (await git(['-C', tree, 'rev-parse', 'HEAD'])).text.trim() : undefined;
  } finally {
    await git(['worktree', 'remove', '--force', tree]);
    await rm(folder, { recursive: true, force: true });
  }
}

function identityAt(at: Date): Record<string, string> {
  const seconds = `${Math.floor(at.getTime() / 1000)} +0000`;
  const who = { NAME: 'GitHub', EMAIL: 'noreply@github.com', DATE: seconds };
  return Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value])),
  );
}
