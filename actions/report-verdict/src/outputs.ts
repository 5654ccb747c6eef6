import type { Settled } from '#core/verdict/settle.ts';
import { newestOf } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'verdicts', 'failed'] as const;

/** The one that comes first is the outcome. */
const ORDER = ['failed', 'unknown', 'pending', 'running'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(verdicts: readonly Settled[]): Record<(typeof OUTPUTS)[number], string> {
  const newest = newestOf(verdicts);
  const outcome = ORDER.find((word) => newest.some(({ judgement: { verdict } }) => verdict === word)) ?? 'none';
  const told = verdicts.map(({ release, judgement: { verdict, word, said } }) => {
    const { environment, image, to: digest, commit, source } = release;
    return { environment, image, digest, release: commit, source, verdict, word, said };
  });
  const failed = newest
    .filter(({ judgement: { verdict }, goesBack }) => verdict === 'failed' && goesBack)
    .map(({ release: { environment, commit } }) => JSON.stringify({ environment, release: commit }));
  return { outcome, verdicts: JSON.stringify(told), failed: `[${[...new Set(failed)].join(',')}]` };
}
