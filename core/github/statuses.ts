import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';

/** A commit status as a person sees it. */
export interface Status {
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  /** At most 140 characters. */
  readonly description: string;
  /** Where it leads; empty for nowhere. */
  readonly url: string;
}

/** The statuses of one repository's commits. */
export interface Statuses {
  /** Returns the newest status of a context; undefined where the commit has none. */
  newest(sha: string, context: string): Promise<Status | undefined>;
  /** Sets it. False where no answer came: the server may have done it all the same. */
  set(sha: string, context: string, status: Status): Promise<boolean>;
}

const state = z.enum(['error', 'failure', 'pending', 'success']);
const combined = z.object({
  statuses: z.array(
    z.object({ context: z.string(), state, description: z.string().nullish(), target_url: z.string().nullish() }),
  ),
});

const PAGE_SIZE = 100;

/** Opens the statuses. */
export function openStatuses(client: GitHubClient): Statuses {
  const { where } = client;
  return {
    newest: async (sha, context) => {
      const request = { what: `the statuses of ${sha.slice(0, 7)}`, right: 'statuses: read' };
      for (let page = 1; ; page++) {
        const data = await client.ask(request, ({ repos }) =>
          repos.getCombinedStatusForRef({ ...where, ref: sha, per_page: PAGE_SIZE, page }),
        );
        const { statuses } = combined.parse(data);
        const found = statuses.find((status) => status.context === context);
        if (found !== undefined)
          return { state: found.state, description: found.description ?? '', url: found.target_url ?? '' };
        if (statuses.length < PAGE_SIZE) return undefined;
      }
    },
    set: async (sha, context, { state, description, url }) => {
      const request = { what: `the status ${context} of ${sha.slice(0, 7)}`, right: 'statuses: write' };
      const target = url === '' ? {} : { target_url: url };
      const sent = await client.once(request, ({ repos }) =>
        repos.createCommitStatus({ ...where, sha, context, state, description, ...target }),
      );
      return sent.done;
    },
  };
}
