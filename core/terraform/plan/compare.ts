import { canonical } from '#core/values/canonical.ts';
import type { OutputChange, Plan, PlannedChange } from './classify.ts';
import type { Change } from './parse.ts';
import { readView, type View } from './view.ts';

/** What is planned now for something, beside what was approved for it. */
export interface Compared<T> {
  /** Undefined where only one of the plans has it. */
  readonly approved: T | undefined;
  readonly now: T | undefined;
}

/** What differs between an approved plan and a new one; what is the same in both is left out. */
export interface Comparison {
  readonly changes: readonly Compared<PlannedChange>[];
  readonly outputs: readonly Compared<OutputChange>[];
}

/** Returns what a new plan does otherwise than the approved one. What is only read, or drifted, is not compared. */
export function comparePlans(approved: Plan, now: Plan): Comparison {
  const changesOf = (plan: Plan): PlannedChange[] => plan.changes.filter(({ kind }) => kind !== 'read');
  const nameChange = ({ address, deposed = '' }: PlannedChange): string => JSON.stringify([address, deposed]);
  return {
    changes: compareBy(changesOf(approved), changesOf(now), nameChange, printChange),
    outputs: compareBy(
      approved.outputs,
      now.outputs,
      ({ name }) => name,
      ({ change }) => print(change),
    ),
  };
}

/** Returns the values before and after a change, with what is unknown or sensitive marked. */
export function viewChange(change: Change): { before: View; after: View } {
  return {
    before: readView(change.before, { sensitive: change.before_sensitive }),
    after: readView(change.after, { unknown: change.after_unknown, sensitive: change.after_sensitive }),
  };
}

function compareBy<T>(
  approved: readonly T[],
  now: readonly T[],
  nameOf: (item: T) => string,
  printOf: (item: T) => string,
): Compared<T>[] {
  const before = new Map(approved.map((item) => [nameOf(item), item]));
  const after = new Map(now.map((item) => [nameOf(item), item]));
  const names = new Set([...after.keys(), ...before.keys()]);
  const pairs = [...names].map((name) => ({ approved: before.get(name), now: after.get(name) }));
  return pairs.filter((pair) => {
    if (pair.approved === undefined || pair.now === undefined) return true;
    return printOf(pair.approved) !== printOf(pair.now);
  });
}

function printChange({ kind, forcedBy, movedFrom, importedAs, change }: PlannedChange): string {
  return canonical([kind, forcedBy, movedFrom ?? null, importedAs ?? null, print(change)]);
}

/** Returns what is the same for the same change only: to compare, never to print. */
function print(change: Change): string {
  const { before, after } = viewChange(change);
  return canonical([change.actions, before, after]);
}
