import { type Preview, sumCounts } from '#core/manifests/preview.ts';
import type { Inputs } from './inputs.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['changed', 'report', 'counts'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(
  { reports }: Preview,
  { report }: Pick<Inputs, 'report'>,
): Record<(typeof OUTPUTS)[number], string> {
  const changed = reports.some(({ entries }) => entries.length > 0);
  return { changed: String(changed), report, counts: JSON.stringify(sumCounts(reports)) };
}
