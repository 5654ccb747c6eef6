import type { Reported } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['issues', 'drifted'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(all: readonly Reported[]): Record<(typeof OUTPUTS)[number], string> {
  const issues = all.map(({ stack, issue }) => ({
    stack,
    outcome: issue.outcome,
    number: 'number' in issue ? (issue.number ?? null) : null,
    url: 'url' in issue ? issue.url : '',
  }));
  const drifted = all.filter(({ finding }) => finding !== undefined && finding.difference !== 'none');
  return { issues: JSON.stringify(issues), drifted: JSON.stringify(drifted.map(({ stack }) => stack)) };
}
