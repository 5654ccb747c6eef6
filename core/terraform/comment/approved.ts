import type { Entry } from '#core/comment/page.ts';
import { WORDS } from '#core/comment/words.ts';
import type { OutputChange, Plan, PlannedChange } from '#core/terraform/plan/classify.ts';
import { type Compared, comparePlans, viewChange } from '#core/terraform/plan/compare.ts';
import { findDifferences } from '#core/terraform/plan/diff.ts';
import type { Change } from '#core/terraform/plan/parse.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { addEntry, changeEntry, checkEntry, type Entries, once, outputEntry } from './entries.ts';
import { renderDifferences } from './lines.ts';

/** Where a new plan is not the approved one. */
export interface Deviation {
  readonly entries: Entries;
  /** How many changes were not approved at all, how many otherwise, and how many are gone. */
  readonly added: number;
  readonly altered: number;
  readonly gone: number;
}

/** Returns only what differs between the approved plan and a new one, each with what was approved for it. */
export function listDeviation(approved: Plan, now: Plan, scrub: Scrub): Deviation {
  const entries: Entries = new Map();
  for (const check of now.failedChecks) addEntry(entries, 'check', checkEntry(check, scrub));
  const { changes, outputs } = comparePlans(approved, now);
  for (const pair of changes) {
    if (pair.now !== undefined) addEntry(entries, pair.now.kind, describeChange(pair.now, pair.approved, scrub));
    else if (pair.approved !== undefined) addEntry(entries, 'gone', describeGone(pair.approved, scrub));
  }
  for (const pair of outputs) {
    if (pair.now !== undefined) addEntry(entries, 'output', describeOutput(pair.now, pair.approved, scrub));
    else if (pair.approved !== undefined) addEntry(entries, 'gone', outputEntry(pair.approved, scrub));
  }
  const all: readonly Compared<unknown>[] = [...changes, ...outputs];
  const gone = all.filter((pair) => pair.now === undefined).length;
  const added = all.filter((pair) => pair.approved === undefined).length;
  return { entries, added, gone, altered: all.length - gone - added };
}

function describeChange(now: PlannedChange, approved: PlannedChange | undefined, scrub: Scrub): Entry {
  const entry = changeEntry(now, scrub);
  if (approved === undefined) return note(entry, 'not in the approved plan');
  if (approved.kind !== now.kind) return note(entry, `approved as: ${WORDS[approved.kind].one}`);
  return otherwise(entry, approved.change, now.change, '', scrub);
}

function describeOutput(now: OutputChange, approved: OutputChange | undefined, scrub: Scrub): Entry {
  const entry = outputEntry(now, scrub);
  if (approved === undefined) return note(entry, 'not in the approved plan');
  return otherwise(entry, approved.change, now.change, now.name, scrub);
}

function describeGone(approved: PlannedChange, scrub: Scrub): Entry {
  return note(changeEntry(approved, scrub), `approved as: ${WORDS[approved.kind].one}`);
}

/** The same kind of change with other values: those that were approved beside those that are planned now. */
function otherwise(entry: Entry, approved: Change, now: Change, name: string, scrub: Scrub): Entry {
  const body = once(() => {
    const [was, is] = [viewChange(approved), viewChange(now)];
    const wrap = (view: typeof was.after): typeof was.after => (name === '' ? view : { [name]: view });
    const after = renderDifferences(findDifferences(wrap(was.after), wrap(is.after)), scrub);
    const before = renderDifferences(findDifferences(wrap(was.before), wrap(is.before)), scrub);
    return [
      ...(after.length === 0 ? [] : ['  approved (-), and planned now (+):', ...after]),
      ...(before.length === 0 ? [] : ['  what is there was (-) when it was approved, and is (+) now:', ...before]),
    ];
  });
  return { ...note(entry, 'not as approved'), body };
}

function note(entry: Entry, text: string): Entry {
  return { ...entry, head: () => `${entry.head()} (${text})` };
}
