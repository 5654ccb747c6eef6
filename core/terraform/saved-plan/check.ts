import type { StateIdentity } from '#core/terraform/run/cli.ts';
import { describeAge } from '#core/terraform/run/failure.ts';
import type { Binding } from './binding.ts';

/** Why a saved plan is not applied. */
export const REFUSALS = [
  'none-saved',
  'damaged',
  'file-differs',
  'not-allowed',
  'other-stack',
  'from-fork',
  'incomplete',
  'head-moved',
  'stacks-changed',
  'tree-differs',
  'too-old',
  'lock-file-differs',
  'tool-differs',
  'guard',
  'state-moved',
  'plan-differs',
] as const;
/** One of {@link REFUSALS}. */
export type RefusalKind = (typeof REFUSALS)[number];

/** One reason why a saved plan is not applied, as a sentence that says what to do. */
export interface PlanRefusal {
  readonly kind: RefusalKind;
  readonly sentence: string;
}

/** What is so where the plan is to be applied. */
export interface Present extends Pick<Binding, 'stack' | 'head' | 'stacks' | 'lockFile' | 'tool'> {
  /** The trees of the paths that the binding names; undefined for a path that the checkout does not have. */
  readonly trees: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

/** A saved plan is applied within this time, in milliseconds: what it was made from is looked at once only. */
export const PLAN_LIFETIME_MS = 24 * 3_600_000;
/** Two machines' clocks differ by less. */
const CLOCKS = 10 * 60_000;

const AGAIN = 'plan it again, in a pull request';

/** Returns the first thing in which a saved plan's binding is not what is so now; undefined where all of it is. */
export function checkBinding(bound: Binding, now: Present): PlanRefusal | undefined {
  const checks: (() => PlanRefusal | undefined)[] = [
    () => checkOrigin(bound, now),
    () => checkHead(bound, now),
    () => checkStacks(bound, now),
    () => checkTrees(bound, now),
    () => checkAge(bound, now),
    () => checkTool(bound, now),
  ];
  for (const check of checks) {
    const refusal = check();
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkOrigin(bound: Binding, now: Present): PlanRefusal | undefined {
  if (bound.stack !== now.stack)
    return refuse(
      'other-stack',
      `the saved plan is of the stack ${bound.stack}, not of ${now.stack}: give that of ${now.stack}`,
    );
  if (!bound.isFromFork) return undefined;
  return refuse(
    'from-fork',
    `the saved plan was made in a fork's pull request, whose author chose what ran there: ${AGAIN} from a branch of this repository`,
  );
}

function checkHead(bound: Binding, now: Present): PlanRefusal | undefined {
  if (bound.head === now.head) return undefined;
  return refuse(
    'head-moved',
    `the saved plan is of ${short(bound.head)}, and ${short(now.head)} was merged: the plan of ${short(now.head)} was not saved, so ${AGAIN}`,
  );
}

function checkStacks(bound: Binding, now: Present): PlanRefusal | undefined {
  const names = [...new Set([...Object.keys(bound.stacks), ...Object.keys(now.stacks)])].sort();
  const changed = names.filter((name) => bound.stacks[name] !== now.stacks[name]);
  if (changed.length === 0) return undefined;
  return refuse(
    'stacks-changed',
    `the stacks of slipway.yaml have changed since the plan was saved (${changed.join(', ')}): ${AGAIN}`,
  );
}

function checkTrees(bound: Binding, now: Present): PlanRefusal | undefined {
  const changed = Object.keys(bound.trees).filter((path) => bound.trees[path] !== now.trees[path]);
  if (changed.length === 0) return undefined;
  return refuse(
    'tree-differs',
    `${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} not what was planned: another change was merged before this one, so ${AGAIN}`,
  );
}

function checkAge(bound: Binding, now: Present): PlanRefusal | undefined {
  const age = now.now.getTime() - new Date(bound.plannedAt).getTime();
  if (age > PLAN_LIFETIME_MS)
    return refuse(
      'too-old',
      `the saved plan is ${describeAge(age)} old, and more than 24 hours are not trusted: ${AGAIN}`,
    );
  if (age >= -CLOCKS) return undefined;
  return refuse(
    'too-old',
    `the saved plan is of ${bound.plannedAt}, which is yet to come: set this machine's clock, or ${AGAIN}`,
  );
}

function checkTool(bound: Binding, now: Present): PlanRefusal | undefined {
  if (bound.lockFile !== now.lockFile)
    return refuse(
      'lock-file-differs',
      `.terraform.lock.hcl is not the one that was planned with, so other providers may be used: ${AGAIN}`,
    );
  const [was, is] = [bound.tool, now.tool];
  if (was.binary === is.binary && was.version === is.version) return undefined;
  return refuse(
    'tool-differs',
    `the plan was made by ${was.binary} ${was.version}, and ${is.binary} ${is.version} is here: use ${was.binary} ${was.version}, or ${AGAIN}`,
  );
}

/** Returns why the state is not the one that was planned from; undefined where it is. */
export function checkState(bound: Binding, now: StateIdentity): PlanRefusal | undefined {
  const { lineage, serial } = bound.state;
  if (lineage === now.lineage && serial === now.serial) return undefined;
  const what =
    lineage === now.lineage
      ? `serial ${serial} was planned from, ${now.serial} is there`
      : 'it is another state altogether';
  return refuse('state-moved', `the state has moved on since the plan was saved (${what}): ${AGAIN}`);
}

function refuse(kind: RefusalKind, sentence: string): PlanRefusal {
  return { kind, sentence };
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
