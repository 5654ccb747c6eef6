import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { findKustomizationFile, listReferences } from '#core/overlay/kustomization/references.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** An overlay's kustomization file at a commit. */
export interface OverlayFile {
  /** Path in the repository. */
  readonly path: string;
  readonly mode: string;
  readonly content: Buffer;
}

/** Returns the kustomization file of an overlay folder at a commit. */
export async function readOverlayFile(git: Git, commit: CommitSha, overlay: string): Promise<OverlayFile> {
  const entries = await git.lsTree(commit, overlay);
  if (entries.length === 0)
    throw new Refusal(
      `${overlay} is not a folder at ${commit}: slipway.yaml names it as an overlay, create it or fix slipway.yaml`,
    );
  const names = entries.filter((entry) => entry.type === 'blob').map((entry) => posix.basename(entry.path));
  const name = findKustomizationFile(names, overlay);
  const entry = entries.find((candidate) => posix.basename(candidate.path) === name);
  if (entry === undefined || entry.mode === '120000')
    throw new Refusal(`${overlay}/${name} is a symbolic link: put the file itself there`);
  const [content] = await git.readBlobs([entry.oid]);
  return { path: entry.path, mode: entry.mode, content: content ?? Buffer.alloc(0) };
}

/**
 * Writes what rendering `overlay` needs below `target`: its folder and, step by step, whatever its kustomizations
 * refer to inside the repository. The cost follows the overlay, not the repository.
 */
export async function materializeOverlay(git: Git, commit: CommitSha, overlay: string, target: string): Promise<void> {
  const written = new Set<string>();
  let wanted = [posix.normalize(overlay)];
  while (wanted.length > 0) {
    const entries = await listPaths(git, commit, wanted);
    const fresh = entries.filter((entry) => !written.has(entry.path));
    const contents = await git.readBlobs(fresh.map((entry) => entry.oid));
    await Promise.all(fresh.map((entry, index) => writeEntry(target, entry, contents[index] ?? Buffer.alloc(0))));
    for (const entry of fresh) written.add(entry.path);
    wanted = fresh.flatMap((entry, index) => referencesOf(entry, contents[index] ?? Buffer.alloc(0)));
  }
}

/** Writes the whole tree of a commit, for overlays whose references cannot be read from their kustomizations. */
export async function materializeTree(git: Git, commit: CommitSha, target: string): Promise<void> {
  const entries = (await git.lsTree(commit, '', true)).filter((entry) => entry.type === 'blob');
  const contents = await git.readBlobs(entries.map((entry) => entry.oid));
  for (const [index, entry] of entries.entries()) await writeEntry(target, entry, contents[index] ?? Buffer.alloc(0));
}

async function listPaths(git: Git, commit: CommitSha, paths: readonly string[]): Promise<TreeEntry[]> {
  const lists = await Promise.all([...new Set(paths)].map((path) => git.lsTree(commit, path, true)));
  return lists.flat().filter((entry) => entry.type === 'blob');
}

/** Paths in the repository that a kustomization refers to; what points out of the repository is left to kustomize. */
function referencesOf(entry: TreeEntry, content: Buffer): string[] {
  if (!/^(kustomization\.ya?ml|Kustomization)$/.test(posix.basename(entry.path))) return [];
  return listReferences(content.toString('utf8'))
    .map((reference) => posix.normalize(posix.join(posix.dirname(entry.path), reference)).replace(/\/$/, ''))
    .filter((path) => path !== '.' && !path.startsWith('../') && path !== '..' && !posix.isAbsolute(path));
}

async function writeEntry(target: string, entry: TreeEntry, content: Buffer): Promise<void> {
  const path = join(target, entry.path);
  await mkdir(dirname(path), { recursive: true });
  if (entry.mode === '120000') return symlink(content.toString('utf8'), path);
  await writeFile(path, content);
}
