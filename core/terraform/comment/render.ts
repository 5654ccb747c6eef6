import { fitPage } from '#core/comment/fit.ts';
import { COMMENT_LIMIT, type Outline, showHead, showName } from '#core/comment/outline.ts';
import type { Section, StackPart } from '#core/comment/page.ts';
import { countWord, SECTIONS } from '#core/comment/words.ts';
import type { Plan } from '#core/terraform/plan/classify.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { htmlCode, showCount, table } from '#core/values/markdown.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';
import { joinWords } from '#core/values/words.ts';
import { type Deviation, listDeviation } from './approved.ts';
import { addEntry, type Entries, errorEntry, listEntries } from './entries.ts';
import { addCounts, type Counts, countPlan, countUnapplied, describeCounts, NOTHING } from './words.ts';

/** One stack, as a plan of it went. */
export interface PlannedStack {
  readonly name: string;
  /** Undefined where Terraform left none. */
  readonly plan: Plan | undefined;
  /** The plan that was approved before: only what differs from it is shown. */
  readonly approved?: Plan | undefined;
  /** What Terraform said went wrong. */
  readonly errors?: readonly string[];
  /** Markdown that a reader must know before the rest, each a paragraph. */
  readonly notes?: readonly string[];
}

/** How the comment is written. */
export interface CommentOptions {
  readonly scrub: Scrub;
  /** Bytes of UTF-8 at most. */
  readonly limit?: number;
  /** The commit that was planned. */
  readonly head?: string | undefined;
  /** Where what is left out can be seen, as the end of a sentence, such as `see the job summary`. */
  readonly rest?: string;
}

/**
 * Returns what plans do as Markdown for GitHub: the verdict in the first line, then the changes, the riskiest first. A
 * stack may be read already, as a report has it.
 */
export function renderComment(stacks: readonly (PlannedStack | Part)[], options: CommentOptions): string {
  const { limit = COMMENT_LIMIT, head, rest = 'not listed', scrub } = options;
  const parts = stacks.map((stack) => ('sections' in stack ? stack : readPart(stack, scrub)));
  const { verdict, top, folds } = outlineParts(parts, { limit, rest });
  return fitPage({ top: [`### ${verdict}${showHead(head)}`, ...top], stacks: folds, rest }, limit);
}

/** Returns what a page says of stacks; the table of them takes a third of the bytes at most. */
export function outlineParts(all: readonly Part[], { limit, rest }: { limit: number; rest: string }): Outline {
  const parts = all.toSorted((a, b) => a.risk - b.risk);
  const isOne = parts.length === 1;
  const folds = parts
    .filter(({ sections }) => sections.length > 0)
    .map(
      ({ name, counts, sections, isFailed, risk }): StackPart => ({
        summary: isOne ? undefined : `<b>${htmlCode(name)}</b> ${isFailed ? 'failed' : describeCounts(counts)}`,
        isOpen: risk <= SECTIONS.indexOf('replace'),
        sections,
      }),
    );
  const top = [...describeLimits(parts), ...(isOne ? [] : renderStacks(parts, limit / 3, rest))];
  return { verdict: describeVerdict(parts), top, folds };
}

/** What the comment says of one stack; nothing in it is a secret. */
export interface Part {
  readonly name: string;
  readonly counts: Counts;
  /** What it does to what did not change outside of Terraform. */
  readonly unapplied: number;
  readonly sections: readonly Section[];
  readonly isFailed: boolean;
  readonly isComplete: boolean;
  /** Where it is compared with an approved plan. */
  readonly deviation: Pick<Deviation, 'added' | 'altered' | 'gone'> | undefined;
  /** Markdown that a reader must know before the rest, each a paragraph. */
  readonly notes: readonly string[];
  /** The place of its riskiest section; smaller is riskier. */
  readonly risk: number;
}

/** Returns what the comment says of one stack. */
export function readPart({ name, plan, approved, errors = [], notes = [] }: PlannedStack, secrets: Scrub): Part {
  const scrub = (text: string): string => hideUserinfo(secrets(text));
  const deviation = plan === undefined || approved === undefined ? undefined : listDeviation(approved, plan, scrub);
  const entries: Entries = deviation?.entries ?? (plan === undefined ? new Map() : listEntries(plan, scrub));
  for (const error of errors) addEntry(entries, 'error', errorEntry(error, scrub));
  const sections = SECTIONS.flatMap((kind) => {
    const own = entries.get(kind);
    return own === undefined ? [] : [{ kind, entries: own }];
  });
  const isFailed = plan === undefined || plan.isErrored || errors.length > 0;
  return {
    name,
    counts: countPlan(plan, errors.length),
    unapplied: countUnapplied(plan),
    sections,
    isFailed,
    isComplete: plan?.isComplete ?? false,
    deviation,
    notes,
    risk: isFailed ? -1 : sections[0] === undefined ? SECTIONS.length : SECTIONS.indexOf(sections[0].kind),
  };
}

function describeVerdict(parts: readonly Part[]): string {
  const counts = addCounts(parts.map((part) => part.counts));
  const failed = parts.filter(({ isFailed }) => isFailed).length;
  const changed = parts.filter(({ counts: own }) => !isEmpty(own)).length;
  const total = showCount(parts.length);
  const where = parts.length === 1 || changed === 0 ? '' : ` in ${showCount(changed)} of ${total} stacks`;
  const what = `${describeCounts(counts)}${where}`;
  const beside = (['check', 'drift', 'deferred'] as const).filter((kind) => counts[kind] > 0);
  const more = beside.map((kind) => `; ${countWord(kind, counts[kind])}`).join('');
  const failure = `Terraform plan failed${parts.length === 1 ? '' : ` in ${showCount(failed)} of ${total} stacks`}`;
  if (failed > 0) return `${failure}${changed === 0 ? '' : `: so far it ${what}`}${more}`;
  return describeDeviation(parts, what) ?? `Terraform ${what}${more}`;
}

function describeDeviation(parts: readonly Part[], what: string): string | undefined {
  const deviations = parts.flatMap(({ deviation }) => (deviation === undefined ? [] : [deviation]));
  if (deviations.length === 0) return undefined;
  const sum = (key: 'added' | 'altered' | 'gone'): number => deviations.reduce((all, one) => all + one[key], 0);
  const counts = [
    [sum('added'), 'not approved'],
    [sum('altered'), 'not as approved'],
    [sum('gone'), 'no longer planned'],
  ] as const;
  const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${showCount(count)} ${word}`);
  if (words.length === 0) return `Terraform plan is the approved one: it ${what}`;
  return `Terraform plan is not the approved one: ${joinWords(words)}`;
}

/** Returns what a reader must know before the rest can be trusted. */
function describeLimits(parts: readonly Part[]): string[] {
  const names = (wanted: readonly Part[]): string => (parts.length === 1 ? '' : ` (${listNames(wanted)})`);
  const failed = parts.filter(({ isFailed }) => isFailed);
  const partial = parts.filter(({ isFailed, isComplete }) => !isFailed && !isComplete);
  const found = failed.every(({ counts }) => isEmpty(counts)) ? '' : 'what is listed is what it had found until then; ';
  return [
    ...(failed.length === 0
      ? []
      : [`> [!CAUTION]\n> Terraform stopped at an error${names(failed)}: ${found}this plan cannot be applied.`]),
    ...(partial.length === 0
      ? []
      : [
          `> [!WARNING]\n> This plan is not complete${names(partial)}: after it is applied, another one is needed for the rest.`,
        ]),
    ...parts.flatMap(({ name, notes }) =>
      notes.map((note) => (parts.length === 1 ? note : `${showName(name)}: ${note}`)),
    ),
  ];
}

/** Returns the stacks that do anything as a table, and the others as a sentence, together in some bytes at most. */
function renderStacks(parts: readonly Part[], bytes: number, rest: string): string[] {
  const [busy, idle] = [parts.filter(isBusy), parts.filter((part) => !isBusy(part))];
  const rows = busy.map(({ name, counts, isFailed }) => [
    showName(name),
    isFailed ? ['**failed**', ...(isEmpty(counts) ? [] : [describeCounts(counts)])].join('; ') : describeCounts(counts),
  ]);
  let left = bytes;
  const fitting = rows.filter((row) => {
    left -= Buffer.byteLength(row.join('')) + 8;
    return left > 0;
  });
  const more = rows.length - fitting.length;
  return [
    ...(fitting.length === 0 ? [] : [table(['Stack', 'Plan'], fitting)]),
    ...(more === 0 ? [] : [`${showCount(more)} more stacks that change: ${rest}.`]),
    ...(idle.length === 0 ? [] : [`Without changes: ${listNames(idle)}.`]),
  ];
}

function isBusy({ isFailed, sections }: Part): boolean {
  return isFailed || sections.length > 0;
}

function isEmpty(counts: Counts): boolean {
  return describeCounts(counts) === NOTHING;
}

const MOST_NAMED = 10;

function listNames(parts: readonly Part[]): string {
  const more = parts.length - MOST_NAMED;
  const names = parts.slice(0, MOST_NAMED).map(({ name }) => showName(name));
  return joinWords([...names, ...(more > 0 ? [`${showCount(more)} more`] : [])]);
}
