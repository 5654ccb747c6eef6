import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import { createMerger, type MergeAsked } from '#lab/github/pulls/merge.ts';
import type { CommentRecord, PullAction, PullBranch, PullRecord } from '#lab/github/pulls/records.ts';
import type { RefMove } from '#lab/github/repository.ts';
import { type Git, NO_OBJECT, resolve } from '#lab/github/rest/git.ts';

/** What the pull requests of a repository need. */
export interface PullOptions {
  readonly git: Git;
  /** owner/name. */
  readonly repository: string;
  readonly now: () => Date;
  /** Told of each event that GitHub has for it. */
  readonly announce: (pull: PullRecord, action: PullAction, bearer: Bearer) => Promise<void>;
  /** Told that a merge moved the base. */
  readonly moved: (bearer: Bearer, moves: readonly RefMove[]) => Promise<void>;
}

/** What a new pull request is asked for. */
export interface PullAsked {
  readonly title: string;
  readonly body: string | null;
  /** `branch`, or `owner:branch` of a fork. */
  readonly head: string;
  readonly base: string;
}

/** What GitHub answers instead of doing it. */
export interface PullRefusal {
  readonly status: 403 | 404 | 405 | 409 | 422;
  readonly message: string;
}

/** The pull requests of a repository, and the comments on them. */
export interface Pulls {
  readonly all: readonly PullRecord[];
  /** Oldest first. */
  readonly comments: CommentRecord[];
  /** Returns an id that no comment has or had. */
  nextCommentId(): number;
  find(number: number): PullRecord | undefined;
  /** Lets pull requests come from this bare repository. */
  addFork(repository: string, bare: string): void;
  open(asked: PullAsked, bearer: Bearer): Promise<PullRecord | PullRefusal>;
  /** Closes or opens it again; undefined where that is done. */
  turn(pull: PullRecord, state: 'open' | 'closed', bearer: Bearer): Promise<PullRefusal | undefined>;
  merge(pull: PullRecord, asked: MergeAsked, bearer: Bearer): Promise<{ readonly sha: string } | PullRefusal>;
  /** Returns the commit that a merge would make now, at refs/pull/<number>/merge; undefined where there is a conflict. */
  testMerge(pull: PullRecord): Promise<string | undefined>;
  /** To be called after references of the repository or of a fork moved. */
  noteMoves(repository: string, moves: readonly RefMove[], bearer: Bearer): Promise<void>;
}

/** Opens the pull requests of a repository; there are none at first. */
export function createPulls(options: PullOptions): Pulls {
  const { git, repository, now, announce } = options;
  const all: PullRecord[] = [];
  const forks = new Map<string, string>();
  let commentIds = 0;
  const tested = new WeakMap<PullRecord, string>();
  const merger = createMerger(git, now);
  /** Takes a fork's commit into this repository, and keeps it under the pull request's own reference. */
  const fetchHead = async (number: number, { repository: from, sha }: PullBranch): Promise<void> => {
    const bare = forks.get(from);
    if (bare !== undefined) await git(['fetch', '--quiet', '--no-tags', bare, sha]);
    await git(['update-ref', `refs/pull/${number}/head`, sha]);
  };
  const findBranch = async (name: string, ref: string): Promise<string | undefined> => {
    const bare = forks.get(name);
    const revision = `refs/heads/${ref}^{commit}`;
    if (name === repository) return resolve(git, revision);
    if (bare === undefined) return undefined;
    const { code, text } = await git(['--git-dir', bare, 'rev-parse', '--verify', '--quiet', revision]);
    return code === 0 ? text.trim() : undefined;
  };
  const readBranch = async (name: string, ref: string): Promise<PullBranch | undefined> => {
    const sha = await findBranch(name, ref);
    return sha === undefined ? undefined : { repository: name, ref, sha };
  };
  const ownerOf = (name: string): string => name.split('/')[0] ?? '';
  const close = async (pull: PullRecord, bearer: Bearer): Promise<void> => {
    Object.assign(pull, { state: 'closed', closedAt: now(), updatedAt: now() });
    await announce(pull, 'closed', bearer);
  };
  const pulls: Pulls = {
    all,
    comments: [],
    nextCommentId: () => ++commentIds,
    find: (number) => all.find((pull) => pull.number === number),
    addFork: (name, bare) => void forks.set(name, bare),
    open: async ({ title, body, head: written, base: into }, bearer) => {
      const [owner, ref] = written.includes(':') ? (written.split(':') as [string, string]) : [undefined, written];
      const from = owner === undefined ? repository : [repository, ...forks.keys()].find((n) => ownerOf(n) === owner);
      const [head, base] = [await readBranch(from ?? '', ref), await readBranch(repository, into)];
      if (head === undefined || base === undefined) return invalid(head === undefined ? 'head' : 'base');
      const isSame = (pull: PullRecord): boolean =>
        pull.state === 'open' && sameBranch(pull.head, head) && pull.base.ref === base.ref;
      if (all.some(isSame))
        return { status: 422, message: `A pull request already exists for ${ownerOf(head.repository)}:${ref}.` };
      if ((await git(['merge-base', '--is-ancestor', head.sha, base.sha])).code === 0 && head.repository === repository)
        return { status: 422, message: `No commits between ${into} and ${ref}` };
      const pull: PullRecord = {
        ...{
          number: all.length + 1,
          login: loginOf(bearer),
          title,
          body,
          head,
          base,
          createdAt: now(),
          updatedAt: now(),
        },
        ...{ state: 'open', locked: false, closedAt: undefined, merged: undefined },
      };
      all.push(pull);
      await fetchHead(pull.number, head);
      await announce(pull, 'opened', bearer);
      return pull;
    },
    turn: async (pull, state, bearer) => {
      if (pull.state === state) return undefined;
      if (state === 'closed') return void (await close(pull, bearer));
      const [head, base] = [
        await readBranch(pull.head.repository, pull.head.ref),
        await readBranch(repository, pull.base.ref),
      ];
      if (pull.merged !== undefined || head === undefined || base === undefined)
        return { status: 422, message: `state cannot be changed. The ${pull.head.ref} branch was deleted or merged.` };
      await fetchHead(pull.number, head);
      Object.assign(pull, { state, head, base, closedAt: undefined, updatedAt: now() });
      await announce(pull, 'reopened', bearer);
      return undefined;
    },
    merge: async (pull, asked, bearer) => {
      if (pull.state === 'closed') return { status: 405, message: 'Pull Request is not mergeable' };
      if (asked.sha !== undefined && asked.sha !== pull.head.sha)
        return { status: 409, message: 'Head branch was modified. Review and try the merge again.' };
      const ref = `refs/heads/${pull.base.ref}`;
      const before = (await findBranch(repository, pull.base.ref)) ?? NO_OBJECT;
      const sha = await merger.merge(pull, before, asked);
      if (sha === undefined) return { status: 405, message: 'Pull Request is not mergeable' };
      if ((await git(['update-ref', ref, sha, before])).code !== 0)
        return { status: 409, message: 'Base branch was modified. Review and try the merge again.' };
      pull.merged = { at: now(), by: loginOf(bearer), sha };
      await options.moved(bearer, [{ ref, before, after: sha }]);
      await close(pull, bearer);
      return { sha };
    },
    testMerge: async (pull) => {
      const base = await findBranch(repository, pull.base.ref);
      const sha = base === undefined ? undefined : await merger.test(pull, base);
      if (sha !== undefined && tested.get(pull) !== sha)
        await git(['update-ref', `refs/pull/${pull.number}/merge`, sha]);
      if (sha !== undefined) tested.set(pull, sha);
      return sha;
    },
    noteMoves: async (name, moves, bearer) => {
      for (const { ref, after } of moves)
        for (const pull of all) {
          if (pull.state === 'closed' || pull.head.repository !== name || ref !== `refs/heads/${pull.head.ref}`)
            continue;
          if (after === NO_OBJECT) await close(pull, bearer);
          if (after === NO_OBJECT || after === pull.head.sha) continue;
          pull.head = { ...pull.head, sha: after };
          pull.base = (await readBranch(repository, pull.base.ref)) ?? pull.base;
          pull.updatedAt = now();
          await fetchHead(pull.number, pull.head);
          await announce(pull, 'synchronize', bearer);
        }
    },
  };
  return pulls;
}

function sameBranch(one: PullBranch, other: PullBranch): boolean {
  return one.repository === other.repository && one.ref === other.ref;
}

function invalid(field: string): PullRefusal {
  return { status: 422, message: `Validation Failed: ${field} is not a branch` };
}
