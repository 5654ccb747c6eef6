import type { Found } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['stacks', 'reached', 'pull-request', 'head'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({ stacks, reached, merge }: Found): Record<(typeof OUTPUTS)[number], string> {
  return {
    stacks: JSON.stringify(stacks),
    reached: JSON.stringify(reached),
    'pull-request': merge === undefined ? '' : String(merge.number),
    head: merge?.head ?? '',
  };
}
