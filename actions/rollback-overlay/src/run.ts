import { type RollbackResult, rollBack } from '#core/release/roll-back.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Lands the older releases again and holds them. */
export function run(inputs: Inputs, ports: Ports): Promise<RollbackResult> {
  return rollBack(inputs, ports);
}
