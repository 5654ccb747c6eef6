import type { Enter, Slot } from '#lab/github/runner/concurrency.ts';
import type { Combination } from '#lab/github/runner/matrix.ts';
import type { JobRecord, RunnerOptions, RunRecord, Trigger } from '#lab/github/runner/run-record.ts';
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

/** Waits for the group of a run or a job; where it is cancelled instead, the reasons are noted on its record. */
export async function takeTurn(
  { concurrency }: Pick<WorkflowJob, 'concurrency'>,
  record: RunRecord | JobRecord,
  { run, trigger, options, enter, signal }: Execution,
  matrix?: Combination,
): Promise<'free' | 'cancelled' | Slot> {
  if (concurrency === undefined) return 'free';
  const { inputs, pull } = trigger;
  const context = { ref: run.ref, workflow: run.workflow, runId: run.id, inputs, pull, matrix };
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
