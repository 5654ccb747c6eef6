import type { Found } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['stacks', 'pull-request', 'head'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({ stacks, merge }: Found): Record<(typeof OUTPUTS)[number], string> {
  return {
    stacks: JSON.stringify(stacks),
    'pull-request': merge === undefined ? '' : String(merge.number),
    head: merge?.head ?? '',
  };
}
