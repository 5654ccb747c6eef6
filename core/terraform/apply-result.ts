import type { Plan, PlannedChange } from '#core/terraform/plan/classify.ts';
import type { Diagnostic, Step } from '#core/terraform/run/messages.ts';

/** What became of each resource of a plan, by address. */
export interface ApplyResult {
  readonly applied: readonly string[];
  readonly failed: readonly string[];
  /** Not begun. */
  readonly notReached: readonly string[];
}

/** What an apply did to each resource: its steps, the errors about it, and whether the whole came to its end. */
export interface Progress {
  readonly steps: readonly Step[];
  readonly errors: readonly Diagnostic[];
  readonly isDone: boolean;
}

/** Returns what became of a plan's changes. What was begun and not finished counts as failed. */
export function sortChanges(plan: Plan, progress: Progress): ApplyResult {
  const changes = plan.changes.filter(({ kind }) => kind !== 'read');
  const states = changes.map((change) => ({ address: change.address, state: findState(change, progress) }));
  const having = (wanted: State): string[] => [
    ...new Set(states.filter(({ state }) => state === wanted).map(({ address }) => address)),
  ];
  return { applied: having('applied'), failed: having('failed'), notReached: having('not reached') };
}

type State = 'applied' | 'failed' | 'not reached';

function findState({ address, kind }: PlannedChange, { steps, errors, isDone }: Progress): State {
  if (isDone) return 'applied';
  const own = steps.filter((step) => step.address === address);
  const complete = own.filter(({ state }) => state === 'complete').length;
  const isWrong = own.some(({ state }) => state === 'errored') || errors.some((error) => error.address === address);
  if (isWrong || complete < own.filter(({ state }) => state === 'started').length) return 'failed';
  if (own.length === 0) return 'not reached';
  return complete >= (kind === 'replace' ? 2 : 1) ? 'applied' : 'failed';
}
