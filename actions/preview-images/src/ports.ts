import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { type LeaveArtifact, openUpload } from '#core/action/upload.ts';
import { openImagesPorts } from '#core/images/open-ports.ts';
import type { ImagesPorts } from '#core/images/preview.ts';
import { type Opened, workplaceOf } from '#core/release/open-ports.ts';
import type { Inputs } from './inputs.ts';

/** What this action needs from the world. */
export interface Ports extends ImagesPorts {
  /** Writes a file; a relative path begins in the workspace. */
  readonly write: (path: string, text: string) => Promise<void>;
  /** Leaves an artifact; undefined where none is wanted, or the runner keeps none. */
  readonly leave: LeaveArtifact | undefined;
}

/** Opens this action's ports on a real runner, and their clean-up. */
export async function openPorts(runner: Runner, { token, asksRegistry, artifacts }: Inputs): Promise<Opened<Ports>> {
  const asks = asksRegistry || 'the input registry says skip';
  const { ports, close } = await openImagesPorts(workplaceOf(runner, token), asks);
  const { workspace } = runner.environment;
  const leave = artifacts ? openUpload(runner, ports.folder) : undefined;
  return { ports: { ...ports, leave, write: (path, text) => writeFile(resolve(workspace, path), text) }, close };
}
