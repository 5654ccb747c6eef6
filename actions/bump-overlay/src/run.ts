import { type Landing, type LandingPorts, land } from '#core/landing.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Deps extends LandingPorts {
  /** ULID, new at every call. */
  readonly newIntent: () => string;
  readonly runUrl: string;
  readonly actor: string;
}

/** Puts the wanted digests into the environment and says what became of each. */
export function run(inputs: Inputs, deps: Deps): Promise<Landing> {
  const wish = {
    kind: 'deploy',
    environment: inputs.environment,
    images: inputs.images,
    source: inputs.sourceSha,
    intent: deps.newIntent(),
    run: deps.runUrl,
    actor: deps.actor,
  } as const;
  return land(wish, inputs.branch, deps);
}
