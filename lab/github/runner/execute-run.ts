import { join } from 'node:path';
import { describeError } from '#core/values/errors.ts';
import { computePermissions, restrictToFork } from '#lab/github/identity/permissions.ts';
import { runByAct } from '#lab/github/runner/act.ts';
import type { Enter, Slot } from '#lab/github/runner/concurrency.ts';
import {
  isKeptWhenCancelled,
  type JobResult,
  readJobOutputs,
  shouldRun,
  writeJobFile,
} from '#lab/github/runner/job-file.ts';
import type { Conclusion, JobRecord, RunnerOptions, RunRecord, Trigger } from '#lab/github/runner/run-record.ts';
import { fillGroup, type WorkflowJob } from '#lab/github/runner/workflow.ts';

/** A run and all that its execution needs. */
export interface Execution {
  readonly run: RunRecord;
  readonly trigger: Trigger;
  readonly options: RunnerOptions;
  readonly enter: Enter;
  /** Cancels the run. */
  readonly signal: AbortSignal;
}

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
    endRun(run, order.find((word) => ended.includes(word)) ?? 'success', options);
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

/** Waits for the group of a run or a job; where it is cancelled instead, the reasons are noted on its record. */
async function takeTurn(
  { concurrency }: Pick<WorkflowJob, 'concurrency'>,
  record: RunRecord | JobRecord,
  { run, trigger, options, enter, signal }: Execution,
): Promise<'free' | 'cancelled' | Slot> {
  if (concurrency === undefined) return 'free';
  const { inputs, pull } = trigger;
  const context = { ref: run.ref, workflow: run.workflow, runId: run.id, inputs, pull };
  const slot = enter(fillGroup(concurrency, context), `${run.workflow} #${run.id} (${run.title})`);
  if (slot.isPending) {
    record.status = 'pending';
    options.onChange(run);
  }
  signal.addEventListener('abort', slot.cancel, { once: true });
  const turn = await slot.turn;
  signal.removeEventListener('abort', slot.cancel);
  if (turn.isAcquired) return slot;
  record.annotations.push(...turn.reasons);
  return 'cancelled';
}

async function executeJob(
  execution: Execution,
  id: string,
  job: WorkflowJob,
  needs: ReadonlyMap<string, JobResult>,
): Promise<JobResult> {
  const { run, options, signal } = execution;
  const record = run.jobs.find((candidate) => candidate.id === id);
  if (record === undefined) throw new Error(`run ${run.id} has no record of job ${id}`);
  const end = (result: JobResult['result'], outputs: Readonly<Record<string, string>> = {}): JobResult => {
    Object.assign(record, { status: 'completed', conclusion: result, outputs, endedAt: new Date() });
    options.onChange(run);
    return { result, outputs };
  };
  const isEnded = (): boolean => signal.aborted && !isKeptWhenCancelled(job);
  if (isEnded()) return end('cancelled');
  if (!shouldRun(job, needs)) return end('skipped');
  const slot = await takeTurn(job, record, execution);
  try {
    if (slot === 'cancelled' || isEnded()) return end('cancelled');
    const { succeeded, outputs } = await runJob(execution, record, job, needs);
    if (!succeeded && isEnded()) return end('cancelled');
    return end(succeeded ? 'success' : 'failure', readJobOutputs(job, outputs));
  } finally {
    if (typeof slot === 'object') slot.release();
  }
}

/** The job's token lives as long as the job. */
async function runJob(
  { run, trigger, options, signal }: Execution,
  record: JobRecord,
  job: WorkflowJob,
  needs: ReadonlyMap<string, JobResult>,
): ReturnType<typeof runByAct> {
  const { pull } = trigger;
  const wanted = computePermissions(trigger.workflow.permissions, job.permissions);
  const permissions = pull?.isFork === true ? restrictToFork(wanted) : wanted;
  const token = options.tokens.issue({ kind: 'job', permissions, runId: run.id });
  try {
    Object.assign(record, { status: 'in_progress', startedAt: new Date() });
    options.onChange(run);
    const environment = options.openJob({ run, record, job, permissions, workflow: trigger.workflow });
    return await runByAct(
      {
        ...options,
        dir: join(options.dir, `run-${run.id}-${record.id}`),
        event: run.event,
        payload: trigger.payload,
        workflowText: writeJobFile(trigger.workflow, record.id, needs),
        sha: run.sha,
        actor: run.actor,
        env: { ...options.env, ...environment, ...environmentOf(run, pull) },
        secrets: { ...(pull?.isFork === true ? {} : options.secrets), GITHUB_TOKEN: token },
        signal: isKeptWhenCancelled(job) ? new AbortController().signal : signal,
      },
      record.steps,
    );
  } finally {
    options.tokens.revoke(token);
  }
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
function environmentOf({ id, ref }: RunRecord, pull: Trigger['pull']): Record<string, string> {
  const always = { GITHUB_RUN_ID: String(id), GITHUB_RUN_NUMBER: String(id), GITHUB_RUN_ATTEMPT: '1' };
  if (pull === undefined) return always;
  return { ...always, GITHUB_REF: ref, GITHUB_HEAD_REF: pull.headRef, GITHUB_BASE_REF: pull.baseRef };
}

function endRun(run: RunRecord, conclusion: Conclusion, options: RunnerOptions): void {
  for (const job of run.jobs) if (job.status !== 'completed') Object.assign(job, { status: 'completed', conclusion });
  run.status = 'completed';
  run.conclusion = conclusion;
  options.onChange(run);
}
