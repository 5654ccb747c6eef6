import { commitLink, type RepositoryPage } from '#core/action/summary.ts';
import { composeComment } from '#core/comment/compose.ts';
import { SUMMARY_LIMIT } from '#core/comment/outline.ts';
import type { Preview } from '#core/manifests/preview.ts';
import { showCount } from '#core/values/markdown.ts';

/** Returns the job summary: what the comment of a pull request says of the manifests, and what was compared. */
export function renderSummary({ reports, environments, base, head }: Preview, page: RepositoryPage): string {
  const reached = reports.filter(({ name }) => environments.includes(name)).length;
  const compared = `${commitLink(base, page)} → ${commitLink(head, page)}; the change can reach ${reached} of ${showCount(environments.length)} environments, and the others are not rendered.\n`;
  const limit = SUMMARY_LIMIT - Buffer.byteLength(compared);
  return `${composeComment({ manifests: reports, plans: [] }, { head, rest: 'see the report', limit })}\n${compared}`;
}
