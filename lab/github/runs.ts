import { join } from 'node:path';
import type { Exec } from '#core/exec.ts';
import { runByAct, type StepRecord } from '#lab/github/act.ts';
import { type ConcurrencyRequest, createConcurrency } from '#lab/github/concurrency.ts';
import { type JobResult, readJobOutputs, shouldRun, writeJobFile } from '#lab/github/job-file.ts';
import { computePermissions, type Permissions } from '#lab/github/permissions.ts';
import type { Tokens } from '#lab/github/tokens.ts';
import { fillGroup, type Workflow, type WorkflowJob } from '#lab/github/workflow.ts';

/** How far a run or a job is. */
export type Status = 'queued' | 'in_progress' | 'completed';
/** How it ended. */
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped';

/** A job of a run. */
export interface JobRecord {
  readonly id: string;
  status: Status;
  conclusion: Conclusion | undefined;
  readonly steps: StepRecord[];
  outputs: Readonly<Record<string, string>>;
  startedAt: Date | undefined;
  endedAt: Date | undefined;
}

/** A run of a workflow. */
export interface RunRecord {
  readonly id: number;
  readonly workflow: string;
  readonly path: string;
  readonly event: 'push' | 'workflow_dispatch';
  readonly ref: string;
  readonly sha: string;
  readonly title: string;
  readonly actor: string;
  readonly createdAt: Date;
  status: Status;
  conclusion: Conclusion | undefined;
  readonly jobs: JobRecord[];
}

/** What starts a run. */
export interface Trigger {
  readonly workflow: Workflow;
  readonly event: RunRecord['event'];
  readonly ref: string;
  readonly sha: string;
  readonly title: string;
  readonly actor: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, string>>;
}

/** What running needs. */
export interface RunnerOptions {
  readonly exec: Exec;
  readonly act: string;
  readonly path: string;
  /** Folder below which each job gets its own. */
  readonly dir: string;
  readonly bareRepository: string;
  readonly tokens: Tokens;
  /** Environment of every job. */
  readonly env: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Adds what a job with these rights gets on top: OIDC. Called once for each job. */
  readonly openJob: (
    run: RunRecord,
    job: WorkflowJob,
    permissions: Permissions,
    workflow: Workflow,
  ) => Record<string, string>;
  readonly onChange: (run: RunRecord) => void;
}

/** Runs workflows and keeps their records, newest last. */
export interface Runs {
  readonly all: readonly RunRecord[];
  start(trigger: Trigger): RunRecord;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

/** Makes an empty list of runs. */
export function createRuns(options: RunnerOptions): Runs {
  const all: RunRecord[] = [];
  const pending = new Set<Promise<void>>();
  const { enter } = createConcurrency();
  return {
    all,
    start: (trigger) => {
      const run: RunRecord = {
        id: all.length + 1,
        workflow: trigger.workflow.name,
        path: trigger.workflow.path,
        event: trigger.event,
        ref: trigger.ref,
        sha: trigger.sha,
        title: trigger.title,
        actor: trigger.actor,
        createdAt: new Date(),
        status: 'queued',
        conclusion: undefined,
        jobs: [...trigger.workflow.jobs.keys()].map((id) => ({
          id,
          status: 'queued',
          conclusion: undefined,
          steps: [],
          outputs: {},
          startedAt: undefined,
          endedAt: undefined,
        })),
      };
      all.push(run);
      const work = executeRun(run, trigger, options, enter).finally(() => pending.delete(work));
      pending.add(work);
      options.onChange(run);
      return run;
    },
    idle: async () => {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

type Enter = ReturnType<typeof createConcurrency>['enter'];

async function executeRun(run: RunRecord, trigger: Trigger, options: RunnerOptions, enter: Enter): Promise<void> {
  const requestOf = (written: Parameters<typeof fillGroup>[0] | undefined): ConcurrencyRequest | undefined =>
    written === undefined
      ? undefined
      : fillGroup(written, { ref: run.ref, workflow: run.workflow, runId: run.id, inputs: trigger.inputs });
  const place = await takeTurn(requestOf(trigger.workflow.concurrency), enter);
  try {
    if (place === 'cancelled') return endRun(run, 'cancelled', options);
    run.status = 'in_progress';
    options.onChange(run);
    const results = new Map<string, Promise<JobResult>>();
    const resultOf = (id: string): Promise<JobResult> => {
      const known = results.get(id);
      if (known !== undefined) return known;
      const job = trigger.workflow.jobs.get(id);
      if (job === undefined) throw new Error(`${run.path} needs a job ${id} that it does not have`);
      const started = Promise.all(job.needs.map(async (need) => [need, await resultOf(need)] as const)).then((needs) =>
        executeJob(run, id, job, new Map(needs), trigger, options, () => takeTurn(requestOf(job.concurrency), enter)),
      );
      results.set(id, started);
      return started;
    };
    const ended = await Promise.all([...trigger.workflow.jobs.keys()].map(resultOf));
    const conclusion =
      (['failure', 'cancelled'] as const).find((word) => ended.some((job) => job.result === word)) ?? 'success';
    endRun(run, conclusion, options);
  } catch (error) {
    run.jobs[0]?.steps.push({
      name: 'Read the workflow',
      status: 'failure',
      startedAt: new Date(),
      milliseconds: 0,
      log: [String(error)],
      summary: '',
    });
    endRun(run, 'failure', options);
  } finally {
    if (typeof place === 'object') place.leave();
  }
}

async function takeTurn(
  request: ConcurrencyRequest | undefined,
  enter: Enter,
): Promise<'free' | 'cancelled' | { leave(): void }> {
  if (request === undefined) return 'free';
  const place = enter(request);
  return (await place.turn) ? place : 'cancelled';
}

async function executeJob(
  run: RunRecord,
  id: string,
  job: WorkflowJob,
  needs: ReadonlyMap<string, JobResult>,
  trigger: Trigger,
  options: RunnerOptions,
  takeJobTurn: () => ReturnType<typeof takeTurn>,
): Promise<JobResult> {
  const record = run.jobs.find((candidate) => candidate.id === id);
  if (record === undefined) throw new Error(`run ${run.id} has no record of job ${id}`);
  const end = (result: JobResult['result'], outputs: Record<string, string> = {}): JobResult => {
    Object.assign(record, { status: 'completed', conclusion: result, outputs, endedAt: new Date() });
    options.onChange(run);
    return { result, outputs };
  };
  if (!shouldRun(job, needs)) return end('skipped');
  const place = await takeJobTurn();
  if (place === 'cancelled') return end('cancelled');
  const permissions = computePermissions(trigger.workflow.permissions, job.permissions);
  const token = options.tokens.issue({ kind: 'job', permissions, runId: run.id });
  try {
    Object.assign(record, { status: 'in_progress', startedAt: new Date() });
    options.onChange(run);
    const environment = options.openJob(run, job, permissions, trigger.workflow);
    const { succeeded, outputs } = await runByAct(
      {
        ...options,
        dir: join(options.dir, `run-${run.id}-${id}`),
        event: run.event,
        payload: trigger.payload,
        workflowText: writeJobFile(trigger.workflow, id, needs),
        sha: run.sha,
        actor: run.actor,
        env: {
          ...options.env,
          ...environment,
          GITHUB_RUN_ID: String(run.id),
          GITHUB_RUN_NUMBER: String(run.id),
        },
        secrets: { ...options.secrets, GITHUB_TOKEN: token },
      },
      record.steps,
    );
    return end(succeeded ? 'success' : 'failure', readJobOutputs(job, outputs));
  } finally {
    options.tokens.revoke(token);
    if (typeof place === 'object') place.leave();
  }
}

function endRun(run: RunRecord, conclusion: Conclusion, options: RunnerOptions): void {
  for (const job of run.jobs) if (job.status !== 'completed') Object.assign(job, { status: 'completed', conclusion });
  run.status = 'completed';
  run.conclusion = conclusion;
  options.onChange(run);
}
