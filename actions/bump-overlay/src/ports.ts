import { ulid } from 'ulid';
import type { Runner } from '#core/action/runner.ts';
import type { LandingPorts } from '#core/release/land.ts';
import { openLandingPorts } from '#core/release/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends LandingPorts {
  /** ULID, new at every call. */
  readonly newIntent: () => string;
  readonly runUrl: string;
  readonly actor: string;
}

/** Opens this action's ports on a real runner, and what takes their folders away again. */
export async function openPorts(runner: Runner, inputs: Inputs): Promise<{ ports: Ports; close: () => Promise<void> }> {
  const { runUrl, actor } = runner.environment;
  const { ports, close } = await openLandingPorts(runner, inputs);
  return { ports: { ...ports, newIntent: ulid, runUrl, actor }, close };
}
