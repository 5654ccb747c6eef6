import type { Need } from './needs.ts';
import type { Retention } from './run.ts';

/** Returns the outputs of this action as action.yml declares them. */
export function describeOutputs({
  outcome,
  repositories,
}: Retention): Record<'outcome' | 'protected' | 'changes', string> {
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
