import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';

/** The runs of one repository's workflows. */
export interface Runs {
  /** Returns the newest run of a workflow file for exactly this head of a pull request, however it ended; undefined where there is none. */
  newestOfPull(workflow: string, head: string): Promise<number | undefined>;
}

const listed = z.object({
  workflow_runs: z.array(z.object({ id: z.number(), head_sha: z.string(), event: z.string(), path: z.string() })),
});

/** Opens the runs. */
export function openRuns(client: GitHubClient): Runs {
  return {
    newestOfPull: async (workflow, head) => {
      const request = { what: `the runs of ${workflow} for ${head.slice(0, 7)}`, right: 'actions: read' };
      const filter = { head_sha: head, event: 'pull_request', per_page: 100 };
      const data = await client.ask(request, ({ actions }) =>
        actions.listWorkflowRuns({ ...client.where, workflow_id: workflow, ...filter }),
      );
      const own = listed
        .parse(data)
        .workflow_runs.filter(({ head_sha, event, path }) => {
          const [file = ''] = path.split('@');
          return head_sha === head && event === 'pull_request' && file === `.github/workflows/${workflow}`;
        })
        .map(({ id }) => id);
      return own.length === 0 ? undefined : Math.max(...own);
    },
  };
}
