import { explainArrivals, type LandingPage, NOT_SEEN } from '#core/action/landing.ts';
import { nextProposed, renderProposals } from '#core/action/proposals.ts';
import { shortDigest } from '#core/action/summary.ts';
import type { Proposal } from '#core/release/proposal.ts';
import type { Reconciled } from '#core/release/reconcile.ts';
import { describeBinding } from '#core/release/rules.ts';
import { escapeMarkdown, inlineCode, table } from '#core/values/markdown.ts';

/** Returns the job summary: what was left behind and is landed now, what still waits and why. */
export function renderSummary(result: Reconciled, page: LandingPage): string {
  const { folded, commits, deploys, foreign } = result;
  const images = deploys.flatMap((deploy) => deploy.images).filter(({ outcome }) => outcome !== 'unchanged');
  const rows = images.map(({ environment, image, outcome, from, to, hold }) => [
    escapeMarkdown(environment),
    inlineCode(image),
    outcome,
    shortDigest(from),
    shortDigest(to),
    hold === undefined ? '' : escapeMarkdown(describeBinding(hold)),
  ]);
  const proposals = deploys.flatMap((deploy) => deploy.proposals ?? []);
  return [
    `### ${headline(commits.length > 0, proposals)}`,
    '',
    ...(rows.length === 0 ? [] : [table(['environment', 'image', 'outcome', 'from', 'newest build', 'why'], rows), '']),
    ...(folded === 0 ? [] : [`${folded} open ${folded === 1 ? 'intent was' : 'intents were'} decided.`, '']),
    ...foreign.flatMap((ref) => [
      `${inlineCode(ref)} is not an intent of this version of Slipway; it was left as it is.`,
      '',
    ]),
    ...renderProposals({ proposals }),
    `**Next:** ${explainNext(result, proposals, page)}`,
    '',
  ].join('\n');
}

function headline(isCommitted: boolean, proposals: readonly Proposal[]): string {
  if (isCommitted) return `🚢 Committed what was left behind, ${NOT_SEEN}`;
  return proposals.some(({ isWritten }) => isWritten)
    ? '📬 Proposed what was left behind'
    : '✅ Nothing was left behind';
}

function explainNext({ commits }: Reconciled, proposals: readonly Proposal[], page: LandingPage): string {
  const arrival = commits.length > 0 ? [explainArrivals(commits, [], page)] : [];
  const merge = proposals.some(({ state }) => state === 'open') ? [nextProposed({ proposals })] : [];
  return [...arrival, ...merge].join(' Then ') || 'nothing.';
}
