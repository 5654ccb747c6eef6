import type { Need } from './needs.ts';
import type { Retention } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'protected', 'changes'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({ outcome, repositories }: Retention): Record<(typeof OUTPUTS)[number], string> {
  const images = repositories.flatMap(({ image, protectedImages }) =>
    protectedImages.map(({ digest, state, needs }) => ({ image, digest, state, needs: needs.map(describeNeed) })),
  );
  const changes = repositories.flatMap(({ image, changes: own }) => own.map((change) => ({ image, ...change })));
  return { outcome, protected: JSON.stringify(images), changes: JSON.stringify(changes) };
}

/** Every key in every object, so that an expression in a workflow can rely on it. */
function describeNeed(need: Need): Record<'kind' | 'environment' | 'commit' | 'list', string | null> {
  return { environment: null, commit: null, list: null, ...need };
}
