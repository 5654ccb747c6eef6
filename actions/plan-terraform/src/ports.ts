import type { Runner } from '#core/action/runner.ts';
import type { Opened } from '#core/release/open-ports.ts';
import { openStackPorts, type StackPorts } from '#core/terraform/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export type Ports = StackPorts;

/** Opens this action's ports on a real runner, and their clean-up. */
export function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  return openStackPorts(runner, inputs);
}
