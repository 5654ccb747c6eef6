import type { JudgedGroup } from '#core/github/settle-group.ts';
import { escapeMarkdown, link, table } from '#core/values/markdown.ts';

/** GitHub takes 1 MiB; the output has all of them. */
const MOST_ROWS = 100;

/** Returns the job summary: each pull request of the group, and whether its merge does what was reviewed. */
export function renderSummary({ isProven, entries, status }: JudgedGroup, page: string): string {
  const rows = entries
    .slice(0, MOST_ROWS)
    .map(({ pull, fault }) => [
      link(`#${pull}`, `${page}/pull/${pull}`),
      fault === undefined ? '✅ as reviewed' : `❌ ${escapeMarkdown(fault.what)}: ${escapeMarkdown(fault.remedy)}`,
    ]);
  return [
    `### ${isProven ? '✅' : '❌'} ${escapeMarkdown(status.description)}`,
    '',
    ...(rows.length === 0 ? [] : [table(['pull request', 'its merge'], rows), '']),
    `**Next:** ${isProven ? 'nothing.' : 'do what stands beside each pull request, read its new comment, then queue it again. A re-run of its check keeps the old plan.'}`,
    '',
  ].join('\n');
}
