import type { JudgedGroup } from '#core/github/settle-group.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['proven', 'pull-requests'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({ isProven, entries }: JudgedGroup): Record<(typeof OUTPUTS)[number], string> {
  const pulls = entries.map(({ pull, fault }) => ({ pull, fault: fault?.what ?? null }));
  return { proven: String(isProven), 'pull-requests': JSON.stringify(pulls) };
}
