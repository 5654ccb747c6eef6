import { ulid } from 'ulid';
import type { Runner } from '#core/action/runner.ts';
import type { LandPorts } from '#core/release/land.ts';
import { openLandPorts } from '#core/release/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends LandPorts {
  /** ULID, new at every call. */
  readonly newIntent: () => string;
  readonly runUrl: string;
  readonly actor: string;
  /** True when a person started the run. */
  readonly isByHand: boolean;
}

/** Opens this action's ports on a real runner, and their clean-up. */
export async function openPorts(runner: Runner, inputs: Inputs): Promise<{ ports: Ports; close: () => Promise<void> }> {
  const { runUrl, actor, eventName } = runner.environment;
  const { ports, close } = await openLandPorts(runner, inputs);
  const isByHand = eventName === 'workflow_dispatch';
  return { ports: { ...ports, newIntent: ulid, runUrl, actor, isByHand }, close };
}
