import { listPulls } from '#core/action/proposals.ts';
import type { Unseen } from '#core/release/find-unseen.ts';
import type { Reconciled } from '#core/release/reconcile.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'commits', 'folded', 'pull-request', 'unseen'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({
  commits,
  folded,
  deploys,
  cluster,
}: Reconciled): Record<(typeof OUTPUTS)[number], string> {
  const proposals = deploys.flatMap((deploy) => deploy.proposals ?? []);
  const proposed = proposals.some(({ isWritten }) => isWritten) ? 'proposed' : 'unchanged';
  return {
    outcome: commits.length > 0 ? 'landed' : proposed,
    commits: commits.join(' '),
    folded: String(folded),
    'pull-request': listPulls({ proposals }),
    unseen: JSON.stringify(cluster.unseen.map(toRow)),
  };
}

function toRow({ release, verdict }: Unseen) {
  const { environment, image, to, source, commit } = release;
  return { environment, image, digest: to, source, commit, verdict: verdict.word };
}
