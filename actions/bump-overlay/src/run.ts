import { describeAsker } from '#core/release/ask.ts';
import { deliver } from '#core/release/deliver.ts';
import type { LandResult } from '#core/release/land.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Puts the wanted digests into the environments and says what became of each. */
export function run(inputs: Inputs, ports: Ports): Promise<LandResult> {
  const builds = [...inputs.images].map(([image, digest]) => [image, { digest, source: inputs.sourceSha }] as const);
  const intent = {
    kind: 'deploy',
    environments: inputs.environment === undefined ? undefined : [inputs.environment],
    images: new Map(builds),
    ...describeAsker(ports, ''),
    isByHand: ports.isByHand,
  } as const;
  return deliver(intent, inputs.branch, ports);
}
