import type { LandResult } from '#core/release/land.ts';
import { promote } from '#core/release/promote.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Brings the set of the environment before into this one. */
export function run(inputs: Inputs, ports: Ports): Promise<LandResult> {
  return promote(inputs, ports);
}
