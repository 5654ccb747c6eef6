import type { StackOrder } from '#core/terraform/waves.ts';
import type { Found } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = [
  'stacks',
  'reached',
  'wave-1',
  'wave-2',
  'wave-3',
  'wave-3-at-a-time',
  'after',
  'binary',
  'pull-request',
  'head',
] as const;

/** Returns the outputs of this action. */
export function describeOutputs(found: Found): Record<(typeof OUTPUTS)[number], string> {
  const { stacks, reached, order, waves, binary, merge } = found;
  const [first = [], second = [], third = []] = waves.waves;
  return {
    stacks: JSON.stringify(stacks),
    reached: JSON.stringify(reached),
    'wave-1': JSON.stringify(first),
    'wave-2': JSON.stringify(second),
    'wave-3': JSON.stringify(third),
    'wave-3-at-a-time': String(waves.lastAtATime),
    after: describeOrder(order),
    binary,
    'pull-request': merge === undefined ? '' : String(merge.number),
    head: merge?.head ?? '',
  };
}

function describeOrder(order: StackOrder): string {
  return JSON.stringify(Object.fromEntries([...order].filter(([, before]) => before.length > 0)));
}
