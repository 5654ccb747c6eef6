import { type Landing, land } from '#core/release/land.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Puts the wanted digests into the environment and says what became of each. */
export function run(inputs: Inputs, ports: Ports): Promise<Landing> {
  const wish = {
    kind: 'deploy',
    environment: inputs.environment,
    images: inputs.images,
    source: inputs.sourceSha,
    intent: ports.newIntent(),
    run: ports.runUrl,
    actor: ports.actor,
  } as const;
  return land(wish, inputs.branch, ports);
}
