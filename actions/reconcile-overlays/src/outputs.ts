import { listPulls } from '#core/action/proposals.ts';
import type { Reconciled } from '#core/release/reconcile.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'commits', 'folded', 'pull-request'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({ commits, folded, deploys }: Reconciled): Record<(typeof OUTPUTS)[number], string> {
  const proposals = deploys.flatMap((deploy) => deploy.proposals ?? []);
  const proposed = proposals.some(({ isWritten }) => isWritten) ? 'proposed' : 'unchanged';
  return {
    outcome: commits.length > 0 ? 'landed' : proposed,
    commits: commits.join(' '),
    folded: String(folded),
    'pull-request': listPulls({ proposals }),
  };
}
