import { createConcurrency } from '#lab/github/runner/concurrency.ts';
import { executeRun } from '#lab/github/runner/execute-run.ts';
import { openJobRecord, type RunnerOptions, type RunRecord, type Trigger } from '#lab/github/runner/run-record.ts';

/** Runs workflows and keeps their records, newest last. */
export interface Runs {
  readonly all: readonly RunRecord[];
  start(trigger: Trigger): RunRecord;
  /** Begins a run that waits for approval; false where it does not. */
  approve(run: RunRecord): boolean;
  /** Runs it again, as the next attempt: with the event, the commit and the rights of the first. False while it runs. */
  rerun(run: RunRecord, actor: string): boolean;
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
  const held = new Map<RunRecord, Trigger>();
  const triggers = new WeakMap<RunRecord, Trigger>();
  const { enter } = createConcurrency();
  const begin = (run: RunRecord, trigger: Trigger): void => {
    const controller = new AbortController();
    controllers.set(run, controller);
    const { signal } = controller;
    const work = executeRun({ run, trigger, options, enter, signal }).finally(() => pending.delete(work));
    pending.add(work);
  };
  return {
    all,
    start: (trigger) => {
      const run = recordOf(trigger, all.length + 1);
      all.push(run);
      triggers.set(run, trigger);
      if (trigger.isHeld === true) {
        Object.assign(run, { status: 'completed', conclusion: 'action_required' });
        held.set(run, trigger);
      } else begin(run, trigger);
      options.onChange(run);
      return run;
    },
    approve: (run) => {
      const trigger = held.get(run);
      if (trigger === undefined) return false;
      held.delete(run);
      Object.assign(run, { status: 'queued', conclusion: undefined });
      begin(run, trigger);
      return true;
    },
    rerun: (run, actor) => {
      const trigger = triggers.get(run);
      if (trigger === undefined || run.status !== 'completed' || held.has(run)) return false;
      run.jobs.splice(0, run.jobs.length, ...openJobs(trigger));
      run.annotations.length = 0;
      const attempt = run.attempt + 1;
      Object.assign(run, { attempt, triggeringActor: actor, status: 'queued', conclusion: undefined });
      begin(run, trigger);
      options.onChange(run);
      return true;
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

function recordOf(trigger: Trigger, id: number): RunRecord {
  const { workflow, event, ref, sha, title, actor, pull } = trigger;
  const head =
    pull === undefined
      ? undefined
      : { pull: pull.number, sha: pull.headSha, branch: pull.headRef, isFork: pull.isFork };
  return {
    id,
    workflow: workflow.name,
    path: workflow.path,
    event,
    ref,
    sha,
    head,
    title,
    actor,
    attempt: 1,
    triggeringActor: actor,
    createdAt: new Date(),
    status: 'queued',
    conclusion: undefined,
    annotations: [],
    jobs: openJobs(trigger),
  };
}

function openJobs({ workflow }: Trigger): RunRecord['jobs'][number][] {
  return [...workflow.jobs].map(([key, { name }]) => openJobRecord(key, name?.includes('${{') === true ? key : name));
}
