import { commitLink, type RepositoryPage } from '#core/action/summary.ts';
import { composeComment } from '#core/comment/compose.ts';
import { SUMMARY_LIMIT } from '#core/comment/outline.ts';
import type { ImagesReport } from '#core/images/report.ts';
import { showCount } from '#core/values/markdown.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** Returns the job summary: what the comment of a pull request says of the images, and what was compared. */
export function renderSummary(report: ImagesReport, page: RepositoryPage): string {
  const { base, head, unchanged } = report;
  const link = (commit: string): string => commitLink(parseCommitSha('commit', commit), page);
  const stay = unchanged === 1 ? '1 image stays as it is' : `${showCount(unchanged)} images stay as they are`;
  const compared = `${link(base)} → ${link(head)}; ${stay}.\n`;
  const limit = SUMMARY_LIMIT - Buffer.byteLength(compared) - 1;
  const reports = { images: [report], manifests: [], plans: [] };
  return `${composeComment(reports, { head, rest: 'see the report', limit })}\n${compared}`;
}
