import { join } from 'node:path';
import { z } from 'zod';
import { createExec } from '#core/system/exec.ts';
import { lockFolder } from '#lab/toolbox/lock.ts';

const downloaded = z.looseObject({ Dir: z.string() });

/**
 * Returns the path of Argo CD's install.yaml, as its release has it: it is in the module that the toolbox builds Argo CD
 * from, and Go proves the module by go.sum. So the very file that GitHub serves is there without GitHub.
 */
export async function findArgoManifest(): Promise<string> {
  const exec = createExec({ ...process.env, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off' });
  const argv = ['go', 'mod', 'download', '-json', 'github.com/argoproj/argo-cd/v3'] as const;
  const { stdout } = await exec(argv, { cwd: join(lockFolder, 'modules', 'argocd') });
  return join(downloaded.parse(JSON.parse(stdout.toString('utf8'))).Dir, 'manifests', 'install.yaml');
}
