import { composeComment } from '#core/comment/compose.ts';
import { SUMMARY_LIMIT } from '#core/comment/outline.ts';
import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';
import type { Reported } from './run.ts';

/** Bytes that the table may take. */
const TABLE = 20_000;

/** Returns the job summary: a line for each stack, and then, whatever became of the issues, all that was found. */
export function renderSummary(all: readonly Reported[]): string {
  const failed = all.filter(({ issue }) => issue.outcome === 'failed').length;
  const found = all.filter(({ finding }) => finding !== undefined && finding.difference !== 'none');
  const rows = all.slice(0, MOST_ROWS).map((one) => [inlineCode(one.stack), describeFinding(one), describeIssue(one)]);
  const plans = found.flatMap(({ report }) => (report === undefined ? [] : [report]));
  const limit = SUMMARY_LIMIT - TABLE - Buffer.byteLength(rows.join(''));
  const [head = ''] = plans.map((report) => report.head);
  return [
    `### ${describeVerdict(all.length, found.length, failed)}`,
    '',
    table(['stack', 'found', 'issue'], rows),
    '',
    ...(all.length > MOST_ROWS ? [`… and ${all.length - MOST_ROWS} more.`, ''] : []),
    ...(plans.length === 0 ? [] : [composeComment({ manifests: [], plans }, { head, rest: 'not listed', limit })]),
  ].join('\n');
}

const MOST_ROWS = 100;

function describeVerdict(stacks: number, found: number, failed: number): string {
  if (failed > 0) return `❌ Not known, or not written: ${failed} of ${stacks}`;
  return found === 0 ? '✅ Each stack is what its code says' : `⚠️ Not what the code says: ${found} of ${stacks}`;
}

function describeFinding({ finding }: Reported): string {
  const words = { none: 'nothing', drift: '⚠️ drift', code: 'code that is not applied yet', both: '⚠️ drift, and more' };
  return finding === undefined ? '❌ not known' : words[finding.difference];
}

function describeIssue({ issue }: Reported): string {
  if (issue.outcome === 'failed') return `❌ ${escapeMarkdown(issue.reason.slice(0, 2_000))}`;
  if (issue.number === undefined) return 'none';
  const words: Readonly<Record<typeof issue.outcome, string>> = {
    ...{ opened: 'opened', updated: 'updated', reopened: 'opened again', closed: 'closed', none: 'closed before' },
    ...{ 'by-hand': 'left as a person left it', outdated: 'left as a newer run wrote it' },
  };
  return `${link(`#${issue.number}`, issue.url)}: ${words[issue.outcome]}`;
}
