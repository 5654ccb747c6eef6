import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { type LeaveArtifact, openUpload } from '#core/action/upload.ts';
import { openPreviewPorts } from '#core/manifests/open-ports.ts';
import type { PreviewPorts } from '#core/manifests/preview.ts';
import { type Opened, workplaceOf } from '#core/release/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends PreviewPorts {
  /** Writes a file; a relative path begins in the workspace. */
  readonly write: (path: string, text: string) => Promise<void>;
  /** Leaves an artifact; undefined where none is wanted, or the runner keeps none. */
  readonly leave: LeaveArtifact | undefined;
}

/** Opens this action's ports on a real runner, and their clean-up. */
export async function openPorts(runner: Runner, inputs: Inputs): Promise<Opened<Ports>> {
  const { ports, close } = await openPreviewPorts(workplaceOf(runner, inputs.token), inputs);
  const { workspace } = runner.environment;
  const leave = inputs.artifacts ? openUpload(runner, ports.folder) : undefined;
  return { ports: { ...ports, leave, write: (path, text) => writeFile(resolve(workspace, path), text) }, close };
}
