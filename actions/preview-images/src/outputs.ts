import type { ImagesReport } from '#core/images/report.ts';
import type { Inputs } from './inputs.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['changed', 'report', 'counts'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(
  { entries, counts }: ImagesReport,
  { report }: Pick<Inputs, 'report'>,
): Record<(typeof OUTPUTS)[number], string> {
  return { changed: String(entries.length > 0), report, counts: JSON.stringify(counts) };
}
