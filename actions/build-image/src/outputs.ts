import type { Build } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'digest', 'reference', 'tag', 'input-hash', 'seconds'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(build: Build): Record<(typeof OUTPUTS)[number], string> {
  return {
    outcome: build.outcome,
    digest: build.digest,
    reference: build.reference,
    tag: build.tag,
    'input-hash': build.inputHash,
    seconds: build.seconds.toFixed(1),
  };
}
