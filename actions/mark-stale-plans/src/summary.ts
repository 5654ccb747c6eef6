import { escapeMarkdown, link, table } from '#core/values/markdown.ts';
import type { Marked } from './run.ts';

/** GitHub takes 1 MiB; the outputs have all of them. */
const MOST_ROWS = 100;

/** Returns the job summary: each open pull request with a plan, and what it is worth now. */
export function renderSummary(
  marked: readonly Marked[],
  { branch, page }: { readonly branch: string; readonly page: string },
): string {
  const told = marked.filter((one) => 'refusal' in one || one.standing !== 'none');
  const stale = told.filter((one) => 'standing' in one && one.standing === 'stale').length;
  const rows = told.slice(0, MOST_ROWS).map((one) => [link(`#${one.pull}`, `${page}/pull/${one.pull}`), describe(one)]);
  const more = told.length > MOST_ROWS ? [`… and ${told.length - MOST_ROWS} more.`, ''] : [];
  const into = `into ${escapeMarkdown(branch)}`;
  return [
    `### ${stale === 0 ? `✅ No plan of an open pull request ${into} is stale` : `⚠️ Stale plans ${into}: ${stale}`}`,
    '',
    ...(rows.length === 0 ? [] : [table(['pull request', 'its plan'], rows), '', ...more]),
    `**Next:** ${stale === 0 ? 'nothing.' : `update the branch of a stale one (press "Update branch", or merge ${escapeMarkdown(branch)} into it and push), or close and reopen it. A re-run of its check keeps the old plan.`}`,
    '',
  ].join('\n');
}

function describe(one: Marked): string {
  if ('refusal' in one) return `❌ ${escapeMarkdown(one.refusal)}`;
  const words = { fresh: 'fresh', stale: '⚠️ stale', failed: '❌ failed', none: '' };
  return words[one.standing];
}
