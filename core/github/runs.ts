import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';

/** The runs of one repository's workflows. */
export interface Runs {
  /**
   * Returns the newest run of a workflow file for exactly this head of a pull request, however it ended; undefined where
   * there is none. One that skipped everything looked at nothing: a new title starts such a run.
   */
  newestOfPull(workflow: string, head: string): Promise<number | undefined>;
  /** Returns the jobs of a run's newest attempt, each with the steps that GitHub tells. */
  listJobs(run: number): Promise<Job[]>;
}

/** A job of a run. */
export interface Job {
  /** Of a matrix with its value: `apply (aws)`. */
  readonly name: string;
  readonly steps: readonly { readonly name: string; readonly hasRun: boolean }[];
}

const listed = z.object({
  workflow_runs: z.array(
    z.object({
      ...{ id: z.number(), head_sha: z.string(), event: z.string(), path: z.string() },
      conclusion: z.string().nullish(),
    }),
  ),
});

const step = z.object({ name: z.string(), conclusion: z.string().nullish(), started_at: z.string().nullish() });
const jobsPage = z.object({ jobs: z.array(z.object({ name: z.string(), steps: z.array(step).nullish() })) });

const PAGE_SIZE = 100;

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
        .workflow_runs.filter(({ head_sha, event, path, conclusion }) => {
          const [file = ''] = path.split('@');
          if (conclusion === 'skipped') return false;
          return head_sha === head && event === 'pull_request' && file === `.github/workflows/${workflow}`;
        })
        .map(({ id }) => id);
      return own.length === 0 ? undefined : Math.max(...own);
    },
    listJobs: async (run) => {
      const all: Job[] = [];
      for (let page = 1; ; page++) {
        const request = { what: `the jobs of the run ${run}`, right: 'actions: read' };
        const data = await client.ask(request, ({ actions }) =>
          actions.listJobsForWorkflowRun({ ...client.where, run_id: run, per_page: PAGE_SIZE, page }),
        );
        const { jobs } = jobsPage.parse(data);
        for (const { name, steps } of jobs)
          all.push({
            name,
            steps: (steps ?? []).map(({ name: title, started_at: at, conclusion }) => ({
              name: title,
              hasRun: at !== null && at !== undefined && conclusion !== 'skipped',
            })),
          });
        if (jobs.length < PAGE_SIZE) return all;
      }
    },
  };
}
