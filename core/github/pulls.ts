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
}

const repository = z.object({ id: z.number() });
const pull = z.object({
  number: z.number(),
  head: z.object({ sha: z.string(), repo: repository.nullish() }),
  base: z.object({ ref: z.string(), repo: repository }),
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
  };
}

function toPull({ number, head, base }: z.output<typeof pull>): Pull {
  return { number, head: head.sha, base: base.ref, isFork: head.repo?.id !== base.repo.id };
}
