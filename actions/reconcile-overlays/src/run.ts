import { type Reconciled, reconcile } from '#core/release/reconcile.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Lands what was left behind. */
export function run(inputs: Inputs, ports: Ports): Promise<Reconciled> {
  return reconcile(inputs.branch, ports);
}
