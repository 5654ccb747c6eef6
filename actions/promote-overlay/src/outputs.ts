import { describeLanding } from '#core/action/landing.ts';
import type { LandResult } from '#core/release/land.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'commit', 'releases', 'pull-request'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(result: LandResult): Record<(typeof OUTPUTS)[number], string> {
  return describeLanding(result);
}
