import type { RunRecord } from '#lab/github/runner/run-record.ts';

const SHOWN_LINES = 15;

/** Returns why a run failed, for a terminal: its annotations, then the last lines of each step that failed. */
export function describeFailure(run: RunRecord): string {
  const steps = run.jobs.flatMap((job) =>
    job.steps
      .filter((step) => step.status === 'failure')
      .flatMap((step) => [`${job.id}, ${step.name}:`, ...step.log.slice(-SHOWN_LINES)]),
  );
  const jobs = run.jobs.flatMap((job) => job.annotations.map((text) => `${job.id}: ${text}`));
  return [`run ${run.id} of ${run.workflow} ended as ${run.conclusion}`, ...run.annotations, ...jobs, ...steps].join(
    '\n',
  );
}
