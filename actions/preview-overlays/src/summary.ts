import { commitLink, type RepositoryPage } from '#core/action/summary.ts';
import { type Preview, sumCounts } from '#core/manifests/preview.ts';
import type { Entry, Group, Report } from '#core/manifests/report.ts';
import { codeBlock, escapeMarkdown, htmlCode, showCount } from '#core/values/markdown.ts';

/** What GitHub takes of a summary is 1,024 KiB; the rest is for what other steps of the job say. */
const MOST_BYTES = 900_000;

/** Diffs leave so much to what is said in words. */
const KEPT_FOR_WORDS = 100_000;

const SIGNS: Readonly<Record<Group, string>> = {
  error: '❌ fails',
  remove: '🗑️ removed',
  restart: '♻️ restarts',
  change: '✏️ changes',
  add: '✨ new',
  application: '🧭 Argo CD',
};

/** Returns the job summary: what changes in each environment, object by object, the riskiest first. */
export function renderSummary(preview: Preview, page: RepositoryPage): string {
  const { reports, environments, base, head } = preview;
  const budget = { left: MOST_BYTES };
  const reached = reports.filter(({ name }) => environments.includes(name)).length;
  const lines = [
    `### ${headline(preview)}`,
    '',
    `${commitLink(base, page)} → ${commitLink(head, page)}; the change can reach ${reached} of ${showCount(environments.length)} environments, and the others are not rendered.`,
    '',
    ...reports.flatMap((report) => renderReport(report, budget)),
  ];
  return lines.join('\n');
}

function headline({ reports }: Preview): string {
  const counts = sumCounts(reports);
  const parts = (Object.keys(SIGNS) as Group[]).flatMap(
    (
      group, // the keys of a record of groups
    ) => (counts[group] === 0 ? [] : [`${counts[group]} ${SIGNS[group]}`]),
  );
  return parts.length === 0 ? '✅ No manifest changes' : `Manifests: ${parts.join(', ')}`;
}

interface Budget {
  left: number;
}

function renderReport({ name, notes, entries }: Report, budget: Budget): string[] {
  const lines = [`#### ${escapeMarkdown(name)}`, '', ...notes.flatMap((note) => [escapeMarkdown(note), ''])];
  if (entries.length === 0) return [...lines, 'It renders the same as before.', ''];
  budget.left -= Buffer.byteLength(lines.join('\n'));
  const shown = entries.map((entry) => renderEntry(entry, budget));
  const hidden = shown.filter((one) => one.length === 0).length;
  const rest = hidden === 0 ? [] : [`**${showCount(hidden)} more are in the report: the summary is full.**`, ''];
  return [...lines, ...shown.flat(), ...rest];
}

/** A diff that has no room is left out and said to be. What an entry says in words is kept as long as anything is. */
function renderEntry({ group, label, note, diff }: Entry, budget: Budget): string[] {
  // a line of HTML, which Markdown leaves alone up to the next empty one
  const line = `${SIGNS[group]}: ${htmlCode(label)}. ${escapeMarkdown(note)}`;
  const plain = `<p>${line}</p>`;
  if (diff === '') return take([plain, ''], budget, 0);
  const block = ['', codeBlock(diff.split('\n'), 'diff'), '', '</details>', ''];
  const whole = take([`<details><summary>${line}</summary>`, ...block], budget, KEPT_FOR_WORDS);
  if (whole.length > 0) return whole;
  return take([`${plain}<p><em>Its diff has no room here: it is in the report.</em></p>`, ''], budget, 0);
}

/** Returns the lines where they leave `rest` bytes of the budget, which they are taken from; none otherwise. */
function take(lines: string[], budget: Budget, rest: number): string[] {
  const bytes = Buffer.byteLength(lines.join('\n')) + 1;
  if (bytes + rest > budget.left) return [];
  budget.left -= bytes;
  return lines;
}
