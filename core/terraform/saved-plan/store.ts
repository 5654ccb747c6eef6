import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where saved plans lie between the pull request and the merge. What it gets is sealed. */
export interface PlanStore {
  save(sealed: Uint8Array): Promise<void>;
  /** Returns what was saved; undefined where nothing is. */
  load(): Promise<Buffer | undefined>;
}

/** Returns a store that is one file, which a workflow carries from job to job. */
export function openFileStore(path: string): PlanStore {
  return {
    save: async (sealed) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, sealed, { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
    load: () => readFile(path).catch(passMissing),
  };
}

function passMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
