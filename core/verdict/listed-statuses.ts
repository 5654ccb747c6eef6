import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';
import type { ListedStatus } from '#core/verdict/argocd-report.ts';

/** Returns all statuses of a commit, newest first, with who wrote them. */
export type ListStatuses = (sha: string) => Promise<ListedStatus[]>;

const page = z.array(
  z.object({
    id: z.number(),
    state: z.enum(['error', 'failure', 'pending', 'success']),
    context: z.string(),
    description: z.string().nullish(),
    target_url: z.string().nullish(),
    creator: z.object({ login: z.string() }).nullish(),
    created_at: z.string(),
  }),
);

const PAGE_SIZE = 100;

/** Opens the list. */
export function openListedStatuses(client: GitHubClient): ListStatuses {
  return async (sha) => {
    const all: ListedStatus[] = [];
    const request = { what: `the statuses of ${sha.slice(0, 7)}`, right: 'statuses: read' };
    for (let number = 1; ; number++) {
      const data = await client.ask(request, ({ repos }) =>
        repos.listCommitStatusesForRef({ ...client.where, ref: sha, per_page: PAGE_SIZE, page: number }),
      );
      const read = page.parse(data);
      for (const { id, state, context, description, target_url, creator, created_at } of read) {
        const words = { description: description ?? '', url: target_url ?? '', creator: creator?.login ?? '' };
        all.push({ id, state, context, ...words, at: new Date(created_at) });
      }
      if (read.length < PAGE_SIZE) return all;
    }
  };
}
