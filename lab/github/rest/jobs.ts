import { type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { describeAnnotation, describeJob, jobId } from '#lab/github/rest/run-shapes.ts';
import type { JobRecord, RunRecord } from '#lab/github/runner/run-record.ts';

/** Jobs of runs, and what they said. https://docs.github.com/en/rest/actions/workflow-jobs, https://docs.github.com/en/rest/checks/runs */
export function jobHandlers(context: RestContext): Handlers {
  const find = (id: unknown): { run: RunRecord; job: JobRecord } | undefined => {
    const all = context.runs.flatMap((run) => run.jobs.map((job) => ({ run, job })));
    return all.find(({ run, job }) => jobId(run, job) === id);
  };
  return {
    'actions/list-jobs-for-workflow-run': ({ parameters }) => {
      const run = context.runs.find(({ id }) => id === parameters['run_id']);
      if (run === undefined) return refuse(404, 'Not Found');
      const wrap = (page: readonly unknown[]): unknown => ({ total_count: run.jobs.length, jobs: page });
      return { status: 200, list: run.jobs.map((job) => describeJob(context, run, job)), wrap };
    },
    'actions/get-job-for-workflow-run': ({ parameters }) => {
      const found = find(parameters['job_id']);
      if (found === undefined) return refuse(404, 'Not Found');
      return { status: 200, body: describeJob(context, found.run, found.job) };
    },
    'actions/download-job-logs-for-workflow-run': ({ parameters }) => {
      const found = find(parameters['job_id']);
      if (found === undefined || found.job.startedAt === undefined) return refuse(404, 'Not Found');
      return { status: 302, headers: { location: context.openLog(renderLog(found.job)) } };
    },
    'checks/list-annotations': ({ parameters }) => {
      const found = find(parameters['check_run_id']);
      if (found === undefined) return refuse(404, 'Not Found');
      return { status: 200, list: found.job.annotations.map((text) => describeAnnotation(context, found.run, text)) };
    },
  };
}

/** Returns a job's log as GitHub hands it out: each line with its time, each step folded below its name. */
export function renderLog(job: JobRecord): string {
  const lines = job.steps.flatMap((step) => {
    // act tells when a step began, not when it said each line
    const at = step.startedAt.toISOString().replace('Z', '0000Z');
    return [`##[group]Run ${step.name}`, '##[endgroup]', ...step.log].map((line) => `${at} ${line}\n`);
  });
  return lines.join('');
}
