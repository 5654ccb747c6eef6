import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { codeBlock, escapeMarkdown, htmlCode, inlineCode, showCount, showInvisible } from '#core/values/markdown.ts';

/** A summary is for a person, and GitHub takes 1 MiB; the report has all of it. */
const MOST_NAMED = 200;
const MOST_ERRORS = 50;

/** Returns the job summary: what was applied, what failed, what was not reached, or why nothing was done and what differs. */
export function renderReport(report: Omit<ApplyReport, 'summaryMarkdown'>): string {
  const { outcome, reason, applied, failed, notReached, errors, fresh } = report;
  const [first = '', ...rest] = reason.split('\n');
  return [
    `### ${headline(report)}`,
    '',
    ...(outcome === 'applied' ? [] : [escapeMarkdown(first), '', ...(rest.length === 0 ? [] : [codeBlock(rest), ''])]),
    ...list('Failed', failed),
    ...list('Not reached', notReached),
    ...list('Applied', applied),
    ...renderErrors(errors),
    ...(fresh === null ? [] : ['What a plan of now would do:', '', fresh.summaryMarkdown]),
  ].join('\n');
}

function headline({ outcome, name, head, applied, failed, notReached }: Omit<ApplyReport, 'summaryMarkdown'>): string {
  const what = `${inlineCode(name)} · ${inlineCode(head.slice(0, 7))}`;
  if (outcome === 'refused') return `⛔ Plan not applied: ${what}`;
  if (outcome === 'not-reached') return `⚠️ Not reached: ${what}`;
  const count = (addresses: readonly string[], word: string): string => `${showCount(addresses.length)} ${word}`;
  if (outcome === 'applied')
    return `✅ Applied: ${what}, ${count(applied, applied.length === 1 ? 'change' : 'changes')}`;
  return `❌ Apply failed: ${what}, ${count(applied, 'applied')}, ${count(failed, 'failed')}, ${count(notReached, 'not reached')}`;
}

function list(title: string, addresses: readonly string[]): string[] {
  if (addresses.length === 0) return [];
  const more = addresses.length - MOST_NAMED;
  const items = addresses.slice(0, MOST_NAMED).map((address) => `<li>${htmlCode(address)}</li>`);
  const heading = `#### ${title}: ${showCount(addresses.length)}`;
  return [heading, '', '<ul>', ...items, ...(more > 0 ? [`<li>${showCount(more)} more</li>`] : []), '</ul>', ''];
}

function renderErrors(errors: readonly string[]): string[] {
  if (errors.length === 0) return [];
  const more = errors.length - MOST_ERRORS;
  const shown = errors.slice(0, MOST_ERRORS).map((error) => codeBlock(error.split(/\r?\n/).map(showLine)));
  return [
    `#### Errors: ${showCount(errors.length)}`,
    '',
    ...shown,
    ...(more > 0 ? [`${showCount(more)} more`] : []),
    '',
  ];
}

function showLine(line: string): string {
  return showInvisible(line.slice(0, 2_000));
}

/** Returns the summary that a report carries. */
export function renderSummary({ summaryMarkdown }: ApplyReport): string {
  return summaryMarkdown;
}
