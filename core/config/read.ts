import { posix } from 'node:path';
import type { Config } from '#core/config/config.ts';
import { listNamedPaths, parseConfig } from '#core/config/parse.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What reading slipway.yaml needs of a commit: the text of a file, and which of some paths exist. */
export interface CommitFiles {
  readText(commit: CommitSha, path: string): Promise<string | undefined>;
  findPaths(commit: CommitSha, paths: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Returns slipway.yaml as it stands at a commit. The work tree is not asked. */
export async function readConfigAt(files: CommitFiles, commit: CommitSha, path: string): Promise<Config> {
  const file = posix.normalize(path);
  const text = await files.readText(commit, file);
  if (text === undefined)
    throw new Refusal(`config: there is no ${file} at ${commit}; add it or give its path by the input config`);
  const existing = await files.findPaths(commit, listNamedPaths(text));
  return parseConfig(text, { file, pathExists: (named) => existing.has(named) });
}
