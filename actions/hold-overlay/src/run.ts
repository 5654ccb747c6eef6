import { type HoldResult, holdImage, releaseImage } from '#core/release/hold-image.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Holds, or lets go and deploys what waits. */
export function run(inputs: Inputs, ports: Ports): Promise<HoldResult> {
  return inputs.action === 'set' ? holdImage(inputs, ports) : releaseImage(inputs, ports);
}
