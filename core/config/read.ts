import { posix } from 'node:path';
import type { Config } from '#core/config/config.ts';
import { readUnchecked } from '#core/config/parse.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import { Refusal } from '#core/values/errors.ts';

/** Returns slipway.yaml as a commit has it, whatever the work tree says; refuses a commit without the file. */
export async function readConfig(source: SourceTree, path: string): Promise<Config> {
  const file = posix.normalize(path);
  const text = await source.readText(file);
  if (text === undefined)
    throw new Refusal(`config: there is no ${file} at ${source.commit}; add it or give its path by the input config`);
  const { named, check } = readUnchecked(text);
  const entries = await source.findEntries(named);
  const existing = new Set(named.filter((_path, index) => entries[index] !== undefined));
  const modules = await findSubmodules(
    source,
    named.filter((one) => !existing.has(one)),
  );
  const isInside = (path: string, module: string): boolean => path === module || path.startsWith(`${module}/`);
  return check({
    file,
    pathExists: (candidate) => existing.has(candidate),
    submoduleOf: (candidate) => modules.find((module) => isInside(candidate, module)),
  });
}

/** Returns the submodules above paths that the commit does not have. */
async function findSubmodules(source: SourceTree, missing: readonly string[]): Promise<string[]> {
  if (missing.length === 0) return [];
  const parents = missing.flatMap((path) => path.split('/').map((_part, at, all) => all.slice(0, at + 1).join('/')));
  const entries = await source.findEntries([...new Set(parents)]);
  return entries.flatMap((entry) => (entry?.type === 'commit' ? [entry.path] : []));
}
