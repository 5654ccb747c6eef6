import type { Runner } from '#core/action/runner.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { type Opened, openAskPorts } from '#core/release/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export type Ports = AskPorts;

/** Opens this action's ports on a real runner, and their clean-up. */
export function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  return openAskPorts(runner, inputs);
}
