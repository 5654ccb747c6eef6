import type { Plan } from '#core/terraform/plan/classify.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { htmlCode, inlineCode, showCount, table } from '#core/values/markdown.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';
import { errorEntry, listEntries } from './entries.ts';
import { fitPage } from './fit.ts';
import type { Section, StackPart } from './page.ts';
import { addCounts, type Counts, countPlan, countWord, describeCounts, joinWords, SECTIONS } from './words.ts';

/** The bytes of a comment: GitHub takes 65,536 characters. */
export const COMMENT_LIMIT = 60_000;

/** One stack, as a plan of it went. */
export interface PlannedStack {
  readonly name: string;
  /** Undefined where Terraform left none. */
  readonly plan: Plan | undefined;
  /** What Terraform said went wrong. */
  readonly errors?: readonly string[];
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

/** Returns what plans do as Markdown for GitHub: the verdict in the first line, then the changes, the riskiest first. */
export function renderComment(stacks: readonly PlannedStack[], options: CommentOptions): string {
  const { limit = COMMENT_LIMIT, head, rest = 'not listed' } = options;
  const scrub = (text: string): string => hideUserinfo(options.scrub(text));
  const parts = stacks.map((stack) => readPart(stack, scrub)).sort((a, b) => a.risk - b.risk);
  const changed = parts.filter(({ sections }) => sections.length > 0);
  const isOne = stacks.length === 1;
  const top = [
    `### ${describeVerdict(parts)}${head === undefined ? '' : ` · ${inlineCode(head.slice(0, 7))}`}`,
    ...describeLimits(parts),
    ...(isOne ? [] : [renderTable(parts, limit / 3, rest)]),
  ];
  const folds = changed.map(
    ({ name, counts, sections, isFailed, risk }): StackPart => ({
      summary: isOne ? undefined : `<b>${htmlCode(name)}</b> ${isFailed ? 'failed' : describeCounts(counts)}`,
      isOpen: risk <= SECTIONS.indexOf('replace'),
      sections,
    }),
  );
  return fitPage({ top, stacks: folds, rest }, limit);
}

interface Part {
  readonly name: string;
  readonly counts: Counts;
  readonly sections: readonly Section[];
  readonly isFailed: boolean;
  readonly isComplete: boolean;
  /** The place of its riskiest section; smaller is riskier. */
  readonly risk: number;
}

function readPart({ name, plan, errors = [] }: PlannedStack, scrub: Scrub): Part {
  const entries = plan === undefined ? new Map() : listEntries(plan, scrub);
  if (errors.length > 0)
    entries.set(
      'error',
      errors.map((error) => errorEntry(error, scrub)),
    );
  const sections = SECTIONS.flatMap((kind): Section[] =>
    entries.has(kind) ? [{ kind, entries: entries.get(kind) }] : [],
  );
  const isFailed = plan === undefined || plan.isErrored || errors.length > 0;
  return {
    name,
    counts: countPlan(plan, errors.length),
    sections,
    isFailed,
    isComplete: plan?.isComplete ?? false,
    risk: isFailed ? -1 : sections[0] === undefined ? SECTIONS.length : SECTIONS.indexOf(sections[0].kind),
  };
}

function describeVerdict(parts: readonly Part[]): string {
  const counts = addCounts(parts.map((part) => part.counts));
  const failed = parts.filter(({ isFailed }) => isFailed).length;
  const changed = parts.filter(({ counts }) => describeCounts(counts) !== 'changes nothing').length;
  const where =
    parts.length === 1 || changed === 0 ? '' : ` in ${showCount(changed)} of ${showCount(parts.length)} stacks`;
  const what = `${describeCounts(counts)}${where}`;
  const beside = (['check', 'drift', 'deferred'] as const).filter((kind) => counts[kind] > 0);
  const more = beside.map((kind) => `; ${countWord(kind, counts[kind])}`).join('');
  if (failed === 0) return `Terraform ${what}${more}`;
  const failure =
    parts.length === 1
      ? 'Terraform plan failed'
      : `Terraform plan failed in ${showCount(failed)} of ${showCount(parts.length)} stacks`;
  return `${failure}${changed === 0 ? '' : `: so far it ${what}`}${more}`;
}

/** Returns what a reader must know before the rest can be trusted. */
function describeLimits(parts: readonly Part[]): string[] {
  const names = (wanted: readonly Part[]): string =>
    parts.length === 1 ? '' : ` (${joinWords(wanted.slice(0, 10).map(({ name }) => inlineCode(name)))})`;
  const failed = parts.filter(({ isFailed }) => isFailed);
  const partial = parts.filter(({ isFailed, isComplete }) => !isFailed && !isComplete);
  return [
    ...(failed.length === 0
      ? []
      : [
          `> [!CAUTION]\n> Terraform stopped at an error${names(failed)}: what is listed is what it had found until then, and cannot be applied.`,
        ]),
    ...(partial.length === 0
      ? []
      : [
          `> [!WARNING]\n> This plan is not complete${names(partial)}: after it is applied, another one is needed for the rest.`,
        ]),
  ];
}

function renderTable(parts: readonly Part[], bytes: number, rest: string): string {
  const rows = parts.map(({ name, counts, isFailed }) => [
    inlineCode(name.slice(0, 200)),
    isFailed
      ? `**failed**${describeCounts(counts) === 'changes nothing' ? '' : `; ${describeCounts(counts)}`}`
      : describeCounts(counts),
  ]);
  let left = bytes;
  const fitting = rows.filter((row) => {
    left -= Buffer.byteLength(row.join('')) + 8;
    return left > 0;
  });
  const more = rows.length - fitting.length;
  return [
    table(['Stack', 'Plan'], fitting),
    ...(more === 0 ? [] : [`\n${showCount(more)} more stacks: ${rest}.`]),
  ].join('\n');
}
