import type { Exec } from '#core/exec.ts';
import type { StepRecord } from '#lab/github/act.ts';
import { createConcurrency } from '#lab/github/concurrency.ts';
import { executeRun } from '#lab/github/execute-run.ts';
import type { Permissions } from '#lab/github/permissions.ts';
import type { Tokens } from '#lab/github/tokens.ts';
import type { Workflow, WorkflowJob } from '#lab/github/workflow.ts';

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
  /** Ends what a run does or waits for; false when it is over already. */
  cancel(run: RunRecord): boolean;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

/** Makes an empty list of runs. */
export function createRuns(options: RunnerOptions): Runs {
  const all: RunRecord[] = [];
  const pending = new Set<Promise<void>>();
  const controllers = new WeakMap<RunRecord, AbortController>();
  const { enter } = createConcurrency();
  return {
    all,
    start: (trigger) => {
      const run = recordOf(trigger, all.length + 1);
      all.push(run);
      const controller = new AbortController();
      controllers.set(run, controller);
      const { signal } = controller;
      const work = executeRun({ run, trigger, options, enter, signal }).finally(() => pending.delete(work));
      pending.add(work);
      options.onChange(run);
      return run;
    },
    cancel: (run) => {
      if (run.status === 'completed') return false;
      controllers.get(run)?.abort();
      return true;
    },
    idle: async () => {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

function recordOf({ workflow, event, ref, sha, title, actor }: Trigger, id: number): RunRecord {
  return {
    id,
    workflow: workflow.name,
    path: workflow.path,
    event,
    ref,
    sha,
    title,
    actor,
    createdAt: new Date(),
    status: 'queued',
    conclusion: undefined,
    jobs: [...workflow.jobs.keys()].map((name) => ({
      id: name,
      status: 'queued',
      conclusion: undefined,
      steps: [],
      outputs: {},
      startedAt: undefined,
      endedAt: undefined,
    })),
  };
}
