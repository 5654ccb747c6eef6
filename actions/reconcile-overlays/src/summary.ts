import { explainArrivals, type LandingPage, NOT_SEEN, workflowLink } from '#core/action/landing.ts';
import { nextProposed, renderProposals } from '#core/action/proposals.ts';
import { commitLink, shortDigest } from '#core/action/summary.ts';
import type { Proposal } from '#core/release/proposal.ts';
import { describeVerdict } from '#core/release/proven-sets.ts';
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
    ...renderUnseen(result, page),
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

function explainNext(
  { commits, deploys, cluster: { unseen } }: Reconciled,
  proposals: readonly Proposal[],
  page: LandingPage,
): string {
  const arrival =
    commits.length > 0
      ? [
          explainArrivals(
            commits,
            [],
            deploys.flatMap(({ images }) => images),
            page,
          ),
        ]
      : [];
  const merge = proposals.some(({ state }) => state === 'open') ? [nextProposed({ proposals })] : [];
  const look = unseen.length > 0 ? [explainUnseen(page)] : [];
  return [...arrival, ...merge, ...look].join(' Then ') || 'nothing.';
}

/** What git promises and the cluster does not show; nothing where all of it runs, or no one says. */
function renderUnseen({ cluster: { unseen, silence } }: Reconciled, page: LandingPage): string[] {
  if (silence !== undefined) return [`What runs is not known: ${escapeMarkdown(silence)}.`, ''];
  if (unseen.length === 0) return [];
  const rows = unseen.map(({ release: { environment, image, to, source, commit }, verdict }) => [
    escapeMarkdown(environment),
    inlineCode(image),
    shortDigest(to),
    commitLink(commit, page),
    commitLink(source, page),
    escapeMarkdown(describeVerdict(verdict)),
  ]);
  const head = ['environment', 'image', 'digest', 'release', 'source', 'verdict'];
  return ['⚠️ **Git promises these, and the cluster was not seen to run them:**', '', table(head, rows), ''];
}

function explainUnseen(page: LandingPage): string {
  const back = `${workflowLink('Rollback', 'rollback.yml', page)} with ${inlineCode('to: proven')}`;
  return `see why the releases above do not run (${inlineCode('kubectl get applications -n argocd')}), or take them back: ${back}.`;
}
