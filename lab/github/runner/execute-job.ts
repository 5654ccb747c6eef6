import { join } from 'node:path';
import { describeError } from '#core/values/errors.ts';
import { computePermissions, restrictToFork } from '#lab/github/identity/permissions.ts';
import { runByAct } from '#lab/github/runner/act.ts';
import { describeNeeds, shouldRun } from '#lab/github/runner/condition.ts';
import { readContexts } from '#lab/github/runner/contexts.ts';
import { fillText, type Value } from '#lab/github/runner/expression.ts';
import { type JobResult, readJobOutputs, writeJobFile } from '#lab/github/runner/job-file.ts';
import { type Combination, expandMatrix, type Matrix, nameCombination } from '#lab/github/runner/matrix.ts';
import { type JobRecord, openJobRecord, type RunRecord, type Trigger } from '#lab/github/runner/run-record.ts';
import { type Execution, takeTurn } from '#lab/github/runner/take-turn.ts';
import type { WorkflowJob } from '#lab/github/runner/workflow.ts';

type Needs = ReadonlyMap<string, JobResult>;

/** A job of a workflow file whose needs are done. */
interface Work {
  readonly execution: Execution;
  /** Its key in the file. */
  readonly id: string;
  readonly job: WorkflowJob;
  readonly needs: Needs;
  readonly values: Readonly<Record<string, Value>>;
}

/** One of the jobs that it becomes: itself, or one for each combination of its matrix. */
interface Leg {
  readonly record: JobRecord;
  readonly combination?: Combination;
  /** Cancels this one alone: another one of its matrix failed. */
  readonly stop?: AbortSignal;
}

/** Runs a job or a matrix of jobs, and returns how it ended; the records of the run tell it, too. */
export async function executeJob(execution: Execution, id: string, job: WorkflowJob, needs: Needs): Promise<JobResult> {
  const { run, trigger, options } = execution;
  const record = run.jobs.find((candidate) => candidate.id === id);
  if (record === undefined) throw new Error(`run ${run.id} has no record of job ${id}`);
  const work = { execution, id, job, needs, values: readContexts(run, trigger, options) };
  const earlier = [...needs.values()].flatMap((need) => [need.result, ...(need.earlier ?? [])]);
  if (isEnded(work)) return { ...end(work, record, 'cancelled'), earlier };
  if (!shouldRun(job, needs, work)) return { ...end(work, record, 'skipped'), earlier };
  if (job.strategy?.matrix === undefined) return { ...(await executeLeg(work, { record })), earlier };
  let matrix: Matrix;
  try {
    matrix = expandMatrix(job.strategy, { values: { ...work.values, needs: describeNeeds(needs) } });
  } catch (error) {
    record.annotations.push(`Error when evaluating 'strategy' for job '${id}'. ${describeError(error)}`);
    return { ...end(work, record, 'failure'), earlier };
  }
  return { ...(await executeMatrix(work, record, matrix)), earlier };
}

async function executeMatrix(work: Work, placeholder: JobRecord, matrix: Matrix): Promise<JobResult> {
  const { execution, id, job, values } = work;
  const { jobs } = execution.run;
  const failFast = new AbortController();
  const legs = matrix.combinations.map((combination): Leg => {
    const own = nameCombination(id, combination);
    const name =
      job.name?.includes('${{') === true
        ? fillText(job.name, { values: { ...values, matrix: combination } })
        : nameCombination(job.name ?? id, combination);
    return { record: openJobRecord(own, name), combination, stop: failFast.signal };
  });
  jobs.splice(jobs.indexOf(placeholder), 1, ...legs.map(({ record }) => record));
  const results: JobResult[] = [];
  const waiting = [...legs];
  const takeNext = async (): Promise<void> => {
    for (let leg = waiting.shift(); leg !== undefined; leg = waiting.shift()) {
      const result = failFast.signal.aborted ? end(work, leg.record, 'cancelled') : await executeLeg(work, leg);
      results.push(result);
      if (result.result === 'failure' && matrix.isFailFast) failFast.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.max(matrix.maxParallel, 1) }, takeNext));
  const ended = results.map(({ result }) => result);
  const result = (['failure', 'cancelled'] as const).find((word) => ended.includes(word)) ?? 'success';
  return { result, outputs: Object.assign({}, ...results.map(({ outputs }) => withoutEmpty(outputs))) };
}

/** An output that a later job of the matrix leaves empty keeps what an earlier one said. */
function withoutEmpty(outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== ''));
}

/** True where the run was cancelled, and the job is not one that goes on all the same. */
function isEnded({ execution, job, needs, values }: Work): boolean {
  return execution.signal.aborted && !shouldRun(job, needs, { values, isCancelled: true });
}

function end(
  { execution: { run, options } }: Work,
  record: JobRecord,
  result: JobResult['result'],
  outputs: Readonly<Record<string, string>> = {},
): JobResult {
  Object.assign(record, { status: 'completed', conclusion: result, outputs, endedAt: new Date() });
  options.onChange(run);
  return { result, outputs };
}

async function executeLeg(work: Work, leg: Leg): Promise<JobResult> {
  const { execution, job } = work;
  const { record, combination, stop } = leg;
  const isOver = (): boolean => isEnded(work) || stop?.aborted === true;
  const slot = await takeTurn(job, record, execution, combination);
  try {
    if (slot === 'cancelled' || isOver()) return end(work, record, 'cancelled');
    const verdict = await awaitApproval(work, leg);
    if (verdict !== 'approved') return end(work, record, verdict === 'rejected' ? 'failure' : 'cancelled');
    const { succeeded, outputs } = await runJob(work, leg);
    if (!succeeded && isOver()) return end(work, record, 'cancelled');
    return end(work, record, succeeded ? 'success' : 'failure', readJobOutputs(job, outputs));
  } finally {
    if (typeof slot === 'object') slot.release();
  }
}

function nameEnvironment({ job: { environment }, values, needs }: Work, { combination }: Leg): string | undefined {
  const written = typeof environment === 'object' ? environment.name : environment;
  const contexts = { ...values, needs: describeNeeds(needs), ...(combination ? { matrix: combination } : {}) };
  return written === undefined ? undefined : fillText(written, { values: contexts });
}

async function awaitApproval(work: Work, leg: Leg): Promise<'approved' | 'rejected' | 'cancelled'> {
  const { execution } = work;
  const { run, options, signal } = execution;
  const { approvals, ending } = options;
  const environment = nameEnvironment(work, leg);
  if (environment === undefined || approvals.reviewersOf(environment).length === 0) return 'approved';
  Object.assign(leg.record, { status: 'waiting' });
  run.status = 'waiting';
  options.onChange(run);
  const stops = [signal, ending, ...(leg.stop === undefined ? [] : [leg.stop])];
  const verdict = await approvals.wait({ run, record: leg.record, environment }, AbortSignal.any(stops));
  if (!approvals.pending.some((job) => job.run === run)) run.status = 'in_progress';
  return verdict;
}

/** The job's token lives as long as the job. */
async function runJob(work: Work, leg: Leg): ReturnType<typeof runByAct> {
  const { execution, id, needs, values } = work;
  const { record, combination, stop } = leg;
  const job = { ...work.job, environment: nameEnvironment(work, leg) };
  const { run, trigger, options, signal } = execution;
  const { pull } = trigger;
  const wanted = computePermissions(trigger.workflow.permissions, job.permissions);
  const permissions = pull?.isFork === true ? restrictToFork(wanted) : wanted;
  const token = options.tokens.issue({ kind: 'job', permissions, runId: run.id });
  const isKept = shouldRun(job, needs, { values, isCancelled: true });
  const signals = [...(isKept ? [] : [signal]), ...(stop === undefined ? [] : [stop])];
  try {
    Object.assign(record, { status: 'in_progress', startedAt: new Date() });
    options.onChange(run);
    const environment = options.openJob({ run, record, job, permissions, workflow: trigger.workflow });
    return await runByAct(
      {
        ...options,
        dir: join(options.dir, `run-${run.id}-${run.jobs.indexOf(record)}-${record.id.replace(/[^\w-]+/g, '-')}`),
        event: run.event,
        payload: trigger.payload,
        workflowText: writeJobFile(trigger.workflow, id, needs, { combination, triggeringActor: run.triggeringActor }),
        sha: run.sha,
        actor: run.actor,
        env: { ...options.env, ...environment, ...environmentOf(run, pull) },
        secrets: { ...(pull?.isFork === true ? {} : options.secrets), GITHUB_TOKEN: token },
        signal: AbortSignal.any(signals),
      },
      record.steps,
    );
  } finally {
    options.tokens.revoke(token);
  }
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
function environmentOf(
  { id, ref, attempt, triggeringActor }: RunRecord,
  pull: Trigger['pull'],
): Record<string, string> {
  const run = { GITHUB_RUN_ID: String(id), GITHUB_RUN_NUMBER: String(id), GITHUB_RUN_ATTEMPT: String(attempt) };
  const always = { ...run, GITHUB_TRIGGERING_ACTOR: triggeringActor };
  if (pull === undefined) return always;
  return { ...always, GITHUB_REF: ref, GITHUB_HEAD_REF: pull.headRef, GITHUB_BASE_REF: pull.baseRef };
}
