import type { Runner } from '#core/action/runner.ts';
import { type LeaveArtifact, openUpload } from '#core/action/upload.ts';
import type { Opened } from '#core/release/open-ports.ts';
import { openStackPorts, type StackPorts } from '#core/terraform/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends StackPorts {
  /** Leaves an artifact; undefined where none is wanted, or the runner keeps none. */
  readonly leave: LeaveArtifact | undefined;
}

/** Opens this action's ports on a real runner, and their clean-up. */
export async function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  const { ports, close } = await openStackPorts(runner, inputs);
  return { ports: { ...ports, leave: inputs.artifacts ? openUpload(runner, ports.folder) : undefined }, close };
}
