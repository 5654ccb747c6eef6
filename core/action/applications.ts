import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { RunnerEnvironment } from '#core/action/runner.ts';
import { readConfig } from '#core/config/read.ts';
import type { LandResult } from '#core/release/land.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { isExpected } from '#core/values/errors.ts';
import { isObject } from '#core/values/json.ts';

/** An environment whose overlay no Argo CD Application of the checkout follows. */
export interface Unfollowed {
  readonly environment: string;
  readonly overlay: string;
  /** An Application of the checkout that follows another overlay; undefined where there is none. */
  readonly sibling: Sibling | undefined;
}

/** A file to copy. */
export interface Sibling {
  readonly file: string;
  readonly environment: string;
  readonly overlay: string;
}

/** A file with Applications or ApplicationSets, and the paths that it follows, as patterns. */
interface Manifest {
  readonly file: string;
  readonly follows: (overlay: string) => boolean;
}

/**
 * Returns the environments of a result that no Application in the checkout follows, and says so in the log: a warning
 * where the repository keeps Applications of other environments, otherwise in passing, since all may be elsewhere.
 */
export async function findUnfollowed(
  { environment, log }: { readonly environment: RunnerEnvironment; readonly log: Log },
  config: string,
  { images }: Pick<LandResult, 'images'>,
): Promise<Unfollowed[]> {
  const names = new Set(images.map((image) => image.environment));
  try {
    const found = await search(createExec(environment.all), environment.workspace, config, names);
    for (const one of found) {
      const { fact, remedy } = describeUnfollowed(one);
      (one.sibling === undefined ? log.info : log.warn)(`${fact} ${remedy}`);
    }
    return found;
  } catch (error) {
    if (!isExpected(error)) throw error;
    log.debug(`Applications were not looked for: ${error.message}`);
    return [];
  }
}

/** Returns what is known of an environment without an Application, and what to do; a remedy's code is in backquotes. */
export function describeUnfollowed({ environment, overlay, sibling }: Unfollowed): { fact: string; remedy: string } {
  const fact = `No Argo CD Application in this checkout follows ${overlay}. Unless one in another repository does, nothing runs in ${environment}.`;
  if (sibling === undefined) return { fact, remedy: `Add one with \`path: ${overlay}\`, and \`kubectl apply\` it.` };
  const copy = posix.join(posix.dirname(sibling.file), `${environment}.yaml`);
  const changes = `-e 's#name: ${sibling.environment}$#name: ${environment}#' -e 's#path: ${sibling.overlay}$#path: ${overlay}#'`;
  const isPlain = [sibling.file, sibling.overlay, overlay].every((path) => /^[\w./-]+$/.test(path));
  const remedy = isPlain
    ? `To add one: \`sed ${changes} ${sibling.file} > ${copy}\`, correct its namespace, commit it, then \`kubectl apply -f ${copy}\`.`
    : 'Copy the Application of another environment, and correct its name, path and namespace.';
  return { fact, remedy };
}

async function search(
  exec: Exec,
  checkout: string,
  configPath: string,
  names: ReadonlySet<string>,
): Promise<Unfollowed[]> {
  const [{ environments }, manifests] = await Promise.all([
    openSourceTree(exec, checkout).then((source) => readConfig(source, configPath)),
    readManifests(exec, checkout),
  ]);
  const all = [...environments.values()];
  const followed = all.flatMap(({ name, overlay }) => {
    const manifest = manifests.find(({ follows }) => follows(overlay));
    return manifest === undefined ? [] : [{ file: manifest.file, environment: name, overlay }];
  });
  return all
    .filter(({ name }) => names.has(name) && !followed.some(({ environment }) => environment === name))
    .map(({ name, overlay }) => ({ environment: name, overlay, sibling: followed[0] }));
}

/** A line that only files with Applications have: `kind: Application` and `kind: ApplicationSet`, in YAML and in JSON. */
export const APPLICATION_LINE = `^[^#]*kind["']?:[[:space:]]*["']?Application(Set)?["']?[[:space:]]*(,|}|#|$)`;

/** Looks in the tracked files that are checked out; nothing is fetched. */
async function readManifests(exec: Exec, checkout: string): Promise<Manifest[]> {
  const argv = ['git', 'grep', '-lzIE', '-e', APPLICATION_LINE, '--', '*.yaml', '*.yml', '*.json'] as const;
  const { stdout } = await exec(argv, { cwd: checkout, accept: [0, 1] });
  const files = stdout.toString('utf8').split('\0').filter(Boolean);
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(checkout, file), 'utf8');
      return { file, follows: readFollowed(text) };
    }),
  );
}

/** Returns whether a manifest follows an overlay; in doubt (a template, text that is not YAML) it does. */
export function readFollowed(text: string): (overlay: string) => boolean {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  const all = Array.isArray(documents) ? documents : [];
  if (all.some(({ errors }) => errors.length > 0)) return (overlay) => text.includes(overlay);
  const values: unknown[] = all.map((document) => document.toJS());
  const patterns = values.filter(isApplication).flatMap(listPaths).map(toPattern);
  return (overlay) => patterns.some((pattern) => pattern.test(posix.normalize(overlay)));
}

function isApplication(value: unknown): boolean {
  const kind = isObject(value) ? value['kind'] : undefined;
  return kind === 'Application' || kind === 'ApplicationSet' || kind === 'List';
}

/** All that is called `path`, at any depth: of a source, of one of several, of a generator's directories. */
function listPaths(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(listPaths);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'path' && typeof inner === 'string' ? [inner] : listPaths(inner),
  );
}

/** `{{…}}` of an ApplicationSet matches anything, `*` one folder. */
function toPattern(path: string): RegExp {
  const clean = posix.normalize(path).replace(/\/$/, '');
  const parts = clean.split(/(\{\{.*?\}\}|\*\*|\*)/);
  const source = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return part === '*' ? '[^/]*' : '.*';
  });
  return new RegExp(`^${source.join('')}$`);
}
