import type { Reconciled } from '#core/release/reconcile.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'commits', 'folded'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({ commits, folded }: Reconciled): Record<(typeof OUTPUTS)[number], string> {
  return {
    outcome: commits.length > 0 ? 'landed' : 'unchanged',
    commits: commits.join(' '),
    folded: String(folded),
  };
}
