import { basename, resolve } from 'node:path';

/**
 * Returns the path that the person at the terminal means: npm runs a script in the package's folder, wherever it was
 * typed, and says in INIT_CWD where that was. `script` is the running file; another's INIT_CWD means nothing to it.
 */
export function fromCaller(path: string, script: string, environment: NodeJS.ProcessEnv = process.env): string {
  const isRunByNpm = environment['npm_lifecycle_script']?.includes(basename(script)) ?? false;
  return resolve((isRunByNpm ? environment['INIT_CWD'] : undefined) ?? process.cwd(), path);
}
