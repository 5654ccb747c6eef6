import { type RollbackResult, rollBack } from '#core/release/roll-back.ts';
import { type FailedResult, rollBackFailed } from '#core/release/roll-back-failed.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Lands the older releases again and holds them: those that a person wants, or the last ones that were seen running. */
export function run(inputs: Inputs, ports: Ports): Promise<RollbackResult | FailedResult> {
  return 'of' in inputs ? rollBackFailed(inputs, ports) : rollBack(inputs, ports);
}
