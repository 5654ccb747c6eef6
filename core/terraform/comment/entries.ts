import type { Entry } from '#core/comment/page.ts';
import { showLine } from '#core/comment/show.ts';
import type { SectionKind } from '#core/comment/words.ts';
import type {
  FailedCheck,
  InvokedAction,
  OutputChange,
  Path,
  Plan,
  PlannedChange,
} from '#core/terraform/plan/classify.ts';
import { viewChange } from '#core/terraform/plan/compare.ts';
import { type Difference, findDifferences, isUnknownAfter } from '#core/terraform/plan/diff.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { htmlCode, showCount } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import { renderDifferences } from './lines.ts';
import { showAddress, showPath } from './values.ts';

/** Entries by the section that they belong to. */
export type Entries = Map<SectionKind, Entry[]>;

/** Adds an entry to a section. */
export function addEntry(entries: Entries, kind: SectionKind, entry: Entry): void {
  const known = entries.get(kind);
  if (known === undefined) entries.set(kind, [entry]);
  else known.push(entry);
}

/** Returns the entries of all that a plan does. */
export function listEntries(plan: Plan, scrub: Scrub): Entries {
  const entries: Entries = new Map();
  for (const check of plan.failedChecks) addEntry(entries, 'check', checkEntry(check, scrub));
  for (const change of plan.changes) addEntry(entries, change.kind, changeEntry(change, scrub));
  for (const invoked of plan.actions) addEntry(entries, 'action', actionEntry(invoked, scrub));
  for (const output of plan.outputs) addEntry(entries, 'output', outputEntry(output, scrub));
  for (const change of plan.drift) addEntry(entries, 'drift', driftEntry(change, scrub));
  for (const change of plan.deferred) addEntry(entries, 'deferred', changeEntry(change, scrub));
  return entries;
}

/** Returns the entry of an error, whose text is shown as Terraform wrote it. */
export function errorEntry(text: string, scrub: Scrub): Entry {
  const [first = '', ...rest] = scrub(text).trim().split(/\r?\n/);
  return { type: 'error', head: () => htmlCode(showLine(first)), body: () => rest.map(showLine) };
}

/** Returns the entry of a resource. */
export function changeEntry(planned: PlannedChange, scrub: Scrub): Entry {
  const differences = once(() => {
    const { before, after } = viewChange(planned.change);
    return findDifferences(before, after);
  });
  return {
    type: planned.type,
    head: once(() => {
      const notes = describeChange(planned, differences, scrub).join('; ');
      return `${htmlCode(showAddress(planned.address, scrub))}${notes === '' ? '' : `: ${notes}`}`;
    }),
    body: once(() => renderDifferences(differences(), scrub, planned.forcedBy)),
  };
}

function driftEntry(planned: PlannedChange, scrub: Scrub): Entry {
  const entry = changeEntry({ ...planned, reason: undefined, movedFrom: undefined }, scrub);
  if (planned.kind !== 'destroy') return entry;
  return { ...entry, head: () => `${htmlCode(showAddress(planned.address, scrub))}: gone` };
}

const OUTPUT_WORDS: Readonly<Record<string, string>> = { create: 'new', delete: 'removed', update: 'changed' };

/** Returns the entry of an output. */
export function outputEntry({ name, change }: OutputChange, scrub: Scrub): Entry {
  const { before, after } = viewChange(change);
  return {
    type: 'output',
    head: () => `${htmlCode(name)}: ${OUTPUT_WORDS[change.actions.join()] ?? 'changed'}`,
    body: once(() => renderDifferences(findDifferences({ [name]: before }, { [name]: after }), scrub)),
  };
}

/** Returns the entry of a check that did not pass. */
export function checkEntry({ name, status, problems }: FailedCheck, scrub: Scrub): Entry {
  const lines = problems.flatMap((problem) => scrub(problem).split(/\r?\n/));
  const word = status === 'fail' ? 'failed' : 'could not be evaluated';
  return {
    type: 'check',
    head: () => `${htmlCode(showAddress(name, scrub))}: ${word}`,
    body: () => lines.map((line) => `- ${showLine(line)}`),
  };
}

function actionEntry({ address, type, trigger }: InvokedAction, scrub: Scrub): Entry {
  const after = trigger === undefined ? '' : `: triggered by ${htmlCode(showAddress(trigger, scrub))}`;
  return { type, head: () => `${htmlCode(showAddress(address, scrub))}${after}`, body: () => [] };
}

/** Terraform's words for why a resource goes or is replaced, in a person's. */
const REASONS: Readonly<Record<string, string>> = {
  delete_because_no_resource_config: 'no longer in the configuration',
  delete_because_no_module: 'its module is no longer in the configuration',
  delete_because_wrong_repetition: 'its count or for_each came or went',
  delete_because_count_index: 'its index is beyond count',
  delete_because_each_key: 'its key is no longer in for_each',
  delete_because_no_move_target: 'moved to an address that is not in the configuration',
  replace_because_tainted: 'tainted: its last create did not end well',
  replace_because_cannot_update: 'the provider cannot update it',
  replace_by_request: 'asked for with -replace',
  replace_by_triggers: 'forced by replace_triggered_by',
  read_because_config_unknown: 'its arguments are known after apply',
  read_because_dependency_pending: 'what it depends on changes',
  read_because_check_nested: 'read by a check',
  instance_count_unknown: 'how many there are is known after apply',
  resource_config_unknown: 'its configuration is known after apply',
  provider_config_unknown: "its provider's configuration is known after apply",
  deferred_prereq: 'what it depends on is left to a later plan',
  absent_prereq: 'what it depends on is not there yet',
};

type Differences = () => readonly Difference[];

function describeChange(planned: PlannedChange, differences: Differences, scrub: Scrub): string[] {
  const { kind, reason, movedFrom, importedAs, deposed, change } = planned;
  return [
    ...(deposed === undefined ? [] : [`its deposed object ${htmlCode(deposed)}`]),
    ...describeKind(planned, differences, scrub),
    ...(reason === undefined || planned.forcedBy.length > 0 ? [] : [REASONS[reason] ?? htmlCode(reason)]),
    ...(kind === 'replace' && change.actions[0] === 'create' ? ['the new one first'] : []),
    ...(movedFrom === undefined ? [] : [`moved from ${htmlCode(showAddress(movedFrom, scrub))}`]),
    ...(importedAs === undefined ? [] : [`imported as ${htmlCode(scrub(importedAs).slice(0, 200))}`]),
  ];
}

function describeKind({ kind, forcedBy, change }: PlannedChange, differences: Differences, scrub: Scrub): string[] {
  if (kind === 'unknown') return [`action ${htmlCode(change.actions.join(', '))}`];
  if (kind === 'replace' && forcedBy.length > 0) return [`forced by ${listPaths(forcedBy, scrub)}`];
  if (kind === 'update') return describeUpdate(differences(), scrub);
  if (kind !== 'forget') return [];
  return [change.actions.includes('create') ? 'the old one stays unmanaged, beside a new one' : 'it stays, unmanaged'];
}

function describeUpdate(differences: readonly Difference[], scrub: Scrub): string[] {
  if (differences.length === 0) return ['the plan names nothing that differs'];
  const isLate = (one: Difference): boolean => isUnknownAfter(one); // mostly it follows from the rest
  const sorted = [...differences.filter((one) => !isLate(one)), ...differences.filter(isLate)];
  return [
    listPaths(
      sorted.map(({ path }) => path),
      scrub,
    ),
  ];
}

const MOST_NAMED = 4;

function listPaths(paths: readonly Path[], scrub: Scrub): string {
  const show = (path: Path): string => (path.length === 0 ? 'all of it' : htmlCode(showPath(path, scrub)));
  const names = [...new Set(paths.map(show))];
  const more = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED);
  return joinWords([...shown, ...(more > 0 ? [`${showCount(more)} more`] : [])]);
}

/** Returns a function that works its answer out once, when it is first asked. */
export function once<T>(work: () => T): () => T {
  let answer: { value: T } | undefined;
  return () => {
    answer ??= { value: work() };
    return answer.value;
  };
}
