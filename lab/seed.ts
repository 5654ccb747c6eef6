import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Exec } from '#core/system/exec.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** What the lab's copy of the repository must know of the lab. */
export interface Seed {
  /** The registry that overlays pull from. */
  readonly registryHost: string;
  /** Base image of both images, by digest. */
  readonly baseImage: string;
  readonly npmRegistry: string;
}

/** What of this repository the tenant's copy does not need: a small first push, and no run of this project's own tests. */
const LEFT_OUT = /^(lab|tests|bench|docs|\.ci)\/|^\.github\/workflows\/ci\.yml$|\.itg\.test\.ts$|\/tests\//;

/**
 * Writes this checkout's files into `target` as a repository of their own. The workflow files and the actions are the
 * real ones; changed are the registry's address in the overlays and the two variables that images are built with.
 */
export async function seedRepository(exec: Exec, target: string, seed: Seed): Promise<void> {
  const { stdout } = await exec([
    'git',
    '-C',
    repositoryRoot,
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ]);
  const paths = stdout
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '' && !LEFT_OUT.test(path) && existsSync(join(repositoryRoot, path)));
  for (const path of paths) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(repositoryRoot, path), join(target, path), { verbatimSymlinks: true });
  }
  for (const environment of ['staging', 'production']) {
    rewrite(join(target, 'overlays', environment, 'kustomization.yaml'), (text) =>
      text.replaceAll(/newName: [^/\n]+\//g, `newName: ${seed.registryHost}/`),
    );
  }
  const variables = `    variables: {base_image: "${seed.baseImage}", npm_registry: "${seed.npmRegistry}"}\n`;
  const sandbox = `    variables: {base_image: "${seed.baseImage}"}\n`;
  rewrite(join(target, 'slipway.yaml'), (text) =>
    text
      .replace(/( {4}template: docker\/build.pkr.hcl\n)/, `$1${variables}`)
      .replace(/( {4}template: docker\/dev-sandbox.pkr.hcl\n)/, `$1${sandbox}`),
  );
}

function rewrite(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${path} has nothing to adapt to the lab: has its form changed?`);
  writeFileSync(path, after);
}
