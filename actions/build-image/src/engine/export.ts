import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { parseLsTree } from '#core/git/tree-entry.ts';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/**
 * Writes paths of a commit into an empty folder, at their own places. Nothing else gets there: neither untracked files
 * of the work tree nor what .gitattributes would substitute in or leave out of an archive.
 */
export async function exportPaths(what: {
  exec: Exec;
  checkout: string;
  commit: CommitSha;
  paths: readonly string[];
  folder: string;
}): Promise<void> {
  const { exec, checkout, folder } = what;
  await mkdir(folder, { recursive: true });
  const index = `${folder}.${randomBytes(4).toString('hex')}.index`;
  // line ends and filters as the machine's own settings would have them must not change what is built
  const git = ['git', '-C', checkout, '-c', 'core.autocrlf=false', '-c', 'core.eol=lf'] as const;
  const paths = [...new Set(what.paths)].map((path) => path.replace(/\/+$/, ''));
  const listed = await exec([...git, 'ls-tree', '-r', '-z', '--full-tree', what.commit, '--', ...paths]);
  refuseSubmodules(listed.stdout);
  const extraEnv = { GIT_INDEX_FILE: index };
  await exec([...git, 'update-index', '-z', '--index-info'], { input: listed.stdout, extraEnv });
  await exec(
    [...git, `--work-tree=${folder}`, 'checkout-index', '--all', '--force', '--quiet', `--prefix=${folder}/`],
    { extraEnv },
  );
  await rm(index, { force: true });
}

function refuseSubmodules(listing: Buffer): void {
  const submodule = parseLsTree(listing).find((entry) => entry.type === 'commit');
  if (submodule === undefined) return;
  throw new Refusal(
    `${submodule.path} is a submodule, whose files are not in the commit; leave it out of the image's inputs`,
  );
}
