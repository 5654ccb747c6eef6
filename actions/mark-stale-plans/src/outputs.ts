import type { Marked } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['stale', 'fresh'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(marked: readonly Marked[]): Record<(typeof OUTPUTS)[number], string> {
  const list = (wanted: string): string =>
    JSON.stringify(marked.flatMap((one) => ('standing' in one && one.standing === wanted ? [one.pull] : [])));
  return { stale: list('stale'), fresh: list('fresh') };
}
