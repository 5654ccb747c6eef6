import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { outlineParts } from '#core/terraform/comment/render.ts';
import { fromReport } from '#core/terraform/comment/report.ts';
import { codeBlock, escapeMarkdown, htmlCode, showCount, showInvisible } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import { type Outline, showName } from './outline.ts';

/** Addresses, errors and characters of an error that a comment shows. */
const MOST_NAMED = 20;
const MOST_ERRORS = 5;
const MOST_CHARACTERS = 1_000;

/** What became of a stack: its apply's report, or why there is none. */
export type Applied =
  | ApplyReport
  | { readonly name: string; readonly outcome: 'not-reached'; readonly reason: string }
  | { readonly name: string; readonly outcome: 'unknown'; readonly reason: string };

/** Returns what a page says of stacks after the merge: what was applied, what was not and why, and how it differs now. */
export function outlineApplies(applies: readonly Applied[], options: { limit: number; rest: string }): Outline {
  const fresh = applies.flatMap((one) => (one.outcome === 'refused' && one.fresh !== null ? [one.fresh] : []));
  const outline = outlineParts(fresh.map(fromReport), options);
  return {
    verdict: describeVerdict(applies),
    top: [...applies.flatMap(describe), ...(fresh.length === 0 ? [] : outline.top)],
    folds: outline.folds.map((fold) => ({ ...fold, heading: '### Terraform, planned again' })),
  };
}

function describeVerdict(applies: readonly Applied[]): string {
  const names = (outcome: Applied['outcome']): string[] =>
    applies.filter((one) => one.outcome === outcome).map(({ name }) => showName(name));
  const groups = (
    [
      ['failed', '❌ Apply failed: '],
      ['unknown', '❓ Not known what was applied: '],
      ['refused', '⛔ Plan not applied: '],
      ['not-reached', '⚠️ Not reached: '],
      ['applied', '✅ Applied: '],
    ] as const
  ).flatMap(([outcome, words]) => (names(outcome).length === 0 ? [] : [`${words}${joinWords(names(outcome))}`]));
  return groups.join('; ');
}

function describe(one: Applied): string[] {
  const name = `**${escapeMarkdown(one.name)}**`;
  if (one.outcome === 'not-reached' || one.outcome === 'unknown') {
    const word = one.outcome === 'unknown' ? `❓ ${name}` : `⚠️ ${name} was not reached`;
    return [`${word}: ${escapeMarkdown(one.reason)}`];
  }
  const { outcome, reason, applied, failed, notReached, errors, rescued } = one;
  if (outcome === 'applied')
    return [applied.length === 0 ? `✅ ${name}: there was nothing to do` : `✅ ${name}: ${list('applied', applied)}`];
  const [first = '', ...more] = reason.split('\n');
  if (outcome === 'refused') return [`⛔ ${name}: ${escapeMarkdown(first)}`];
  return [
    `❌ ${name}: ${escapeMarkdown(first)}`,
    ...(rescued === '' || more.length === 0 ? [] : [codeBlock(more.map(showInvisible))]),
    ...[list('failed', failed), list('not reached', notReached), list('applied', applied)].filter(Boolean),
    ...errors
      .slice(0, MOST_ERRORS)
      .map((error) => codeBlock(showInvisible(error.slice(0, MOST_CHARACTERS)).split('\n'))),
    ...(errors.length > MOST_ERRORS ? [`${showCount(errors.length - MOST_ERRORS)} more errors`] : []),
  ];
}

function list(word: string, addresses: readonly string[]): string {
  if (addresses.length === 0) return '';
  const more = addresses.length - MOST_NAMED;
  const shown = addresses.slice(0, MOST_NAMED).map(htmlCode);
  return `${showCount(addresses.length)} ${word}: ${joinWords([...shown, ...(more > 0 ? [`${showCount(more)} more`] : [])])}`;
}
