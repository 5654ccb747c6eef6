import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';

/** A pull request. */
export interface Pull {
  readonly number: number;
  /** The head's commit. */
  readonly head: string;
  /** The branch that it is to be merged into. */
  readonly base: string;
  /** True where its branch is in another repository, or in one that is gone. */
  readonly isFork: boolean;
}

/** The pull requests of one repository. */
export interface Pulls {
  read(number: number): Promise<Pull>;
  /** Returns the open ones into a branch, the one that changed last first. */
  listOpen(base: string): Promise<Pull[]>;
  /** Returns how it was merged; undefined where it was not. */
  readMerge(number: number): Promise<Merge | undefined>;
  /** Returns the pull request into a branch whose merge ended with this commit; undefined where there is none. */
  findMerge(commit: string, base: string): Promise<Merge | undefined>;
}

/** A pull request that was merged. */
export interface Merge extends Pull {
  /** A commit of the branch before it. */
  readonly baseCommit: string;
  /** The commit that the branch was moved to. */
  readonly commit: string;
}

const repository = z.object({ id: z.number() });
const pull = z.object({
  number: z.number(),
  head: z.object({ sha: z.string(), repo: repository.nullish() }),
  base: z.object({ ref: z.string(), sha: z.string(), repo: repository }),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
});

const PAGE_SIZE = 100;

/** Opens the pull requests. */
export function openPulls(client: GitHubClient): Pulls {
  const { where } = client;
  const right = 'pull-requests: read';
  return {
    read: async (number) => {
      const what = `pull request #${number} of ${where.owner}/${where.repo}`;
      const data = await client.ask({ what, right }, ({ pulls }) => pulls.get({ ...where, pull_number: number }));
      return toPull(pull.parse(data));
    },
    listOpen: async (base) => {
      const all = new Map<number, Pull>();
      for (let page = 1; ; page++) {
        const data = await client.ask({ what: `the open pull requests into ${base}`, right }, ({ pulls }) =>
          pulls.list({ ...where, base, state: 'open', sort: 'updated', direction: 'desc', per_page: PAGE_SIZE, page }),
        );
        const read = z.array(pull).parse(data).map(toPull);
        for (const one of read) all.set(one.number, one); // one that changes meanwhile is on two pages
        if (read.length < PAGE_SIZE) return [...all.values()];
      }
    },
    readMerge: async (number) => {
      const what = `pull request #${number} of ${where.owner}/${where.repo}`;
      const data = await client.ask({ what, right }, ({ pulls }) => pulls.get({ ...where, pull_number: number }));
      return toMerge(pull.parse(data));
    },
    findMerge: async (commit, base) => {
      const what = `the pull requests of ${commit.slice(0, 7)}`;
      const data = await client.ask({ what, right }, ({ repos }) =>
        repos.listPullRequestsAssociatedWithCommit({ ...where, commit_sha: commit, per_page: PAGE_SIZE }),
      );
      // of those that only contain the commit, none ended with it
      const merges = z
        .array(pull)
        .parse(data)
        .flatMap((one) => toMerge(one) ?? []);
      return merges.find((one) => one.commit === commit && one.base === base);
    },
  };
}

function toMerge(one: z.output<typeof pull>): Merge | undefined {
  const { merged_at: at, merge_commit_sha: commit, base } = one;
  const isMerged = at !== null && at !== undefined && commit !== null && commit !== undefined;
  return isMerged ? { ...toPull(one), baseCommit: base.sha, commit } : undefined;
}

function toPull({ number, head, base }: z.output<typeof pull>): Pull {
  return { number, head: head.sha, base: base.ref, isFork: head.repo?.id !== base.repo.id };
}
