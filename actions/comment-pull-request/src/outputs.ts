import type { Result } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'url', 'id'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(result: Result): Record<(typeof OUTPUTS)[number], string> {
  if (result.outcome === 'summary-only') return { outcome: result.outcome, url: '', id: '' };
  return { outcome: result.outcome, url: result.url, id: String(result.id) };
}
