import { describeError } from '#core/values/errors.ts';
import { executeJob } from '#lab/github/runner/execute-job.ts';
import type { JobResult } from '#lab/github/runner/job-file.ts';
import type { Conclusion, RunnerOptions, RunRecord } from '#lab/github/runner/run-record.ts';
import { type Execution, takeTurn } from '#lab/github/runner/take-turn.ts';

/** Waits for the run's turn, executes its jobs in the order of their needs, and writes into its record how it ended. */
export async function executeRun(execution: Execution): Promise<void> {
  const { run, trigger, options, signal } = execution;
  const { path, fault } = trigger.workflow;
  if (fault !== undefined) {
    run.annotations.push(`Invalid workflow file: ${path}: ${fault}`);
    return endRun(run, 'failure', options);
  }
  let slot: Awaited<ReturnType<typeof takeTurn>> | undefined;
  try {
    slot = await takeTurn(trigger.workflow, run, execution);
    if (slot === 'cancelled') return endRun(run, 'cancelled', options);
    run.status = 'in_progress';
    options.onChange(run);
    const ended = (await executeJobs(execution)).map(({ result }) => result);
    const order = signal.aborted ? (['cancelled', 'failure'] as const) : (['failure', 'cancelled'] as const);
    const isSkipped = ended.length > 0 && ended.every((word) => word === 'skipped');
    endRun(run, order.find((word) => ended.includes(word)) ?? (isSkipped ? 'skipped' : 'success'), options);
  } catch (error) {
    run.annotations.push(describeError(error));
    endRun(run, 'failure', options);
  } finally {
    if (typeof slot === 'object') slot.release();
  }
}

/** Each job begins when those that it needs are done. */
function executeJobs(execution: Execution): Promise<JobResult[]> {
  const { run, trigger } = execution;
  const results = new Map<string, Promise<JobResult>>();
  const resultOf = (id: string): Promise<JobResult> => {
    const known = results.get(id);
    if (known !== undefined) return known;
    const job = trigger.workflow.jobs.get(id);
    if (job === undefined) throw new Error(`${run.path} needs a job ${id} that it does not have`);
    const needs = Promise.all(job.needs.map(async (need) => [need, await resultOf(need)] as const));
    const started = needs.then((done) => executeJob(execution, id, job, new Map(done)));
    results.set(id, started);
    return started;
  };
  return Promise.all([...trigger.workflow.jobs.keys()].map(resultOf));
}

function endRun(run: RunRecord, conclusion: Conclusion, options: RunnerOptions): void {
  for (const job of run.jobs) if (job.status !== 'completed') Object.assign(job, { status: 'completed', conclusion });
  run.status = 'completed';
  run.conclusion = conclusion;
  options.onChange(run);
}
