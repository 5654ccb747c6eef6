import { createConcurrency } from '#lab/github/runner/concurrency.ts';
import { executeRun } from '#lab/github/runner/execute-run.ts';
import { openJobRecord, type RunnerOptions, type RunRecord, type Trigger } from '#lab/github/runner/run-record.ts';

/** Runs workflows and keeps their records, newest last. */
export interface Runs {
  readonly all: readonly RunRecord[];
  start(trigger: Trigger): RunRecord;
  /** Begins a run that waits for approval; false where it does not. */
  approve(run: RunRecord): boolean;
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

function recordOf({ workflow, event, ref, sha, title, actor, pull }: Trigger, id: number): RunRecord {
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
    createdAt: new Date(),
    status: 'queued',
    conclusion: undefined,
    annotations: [],
    jobs: [...workflow.jobs].map(([key, { name }]) => openJobRecord(key, name?.includes('${{') === true ? key : name)),
  };
}
