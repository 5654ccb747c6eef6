import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { FILE_NAMES, findKustomizationFile, resolveReferences } from '#core/overlay/kustomization/references.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** An overlay's kustomization file at a commit. */
export interface OverlayFile {
  /** Path in the repository. */
  readonly path: string;
  readonly mode: string;
  readonly content: Buffer;
  /** Names of the files beside it. */
  readonly beside: readonly string[];
}

/** Returns the kustomization file of an overlay folder at a commit. */
export async function readOverlayFile(git: Git, commit: CommitSha, overlay: string): Promise<OverlayFile> {
  const entries = await git.lsTree(commit, overlay);
  if (entries.length === 0) {
    const submodule = await findSubmodule(git, commit, [overlay]);
    if (submodule !== undefined) throw inSubmodule(overlay, submodule);
    throw new Refusal(
      `${overlay} is not a folder at ${commit}: slipway.yaml names it as an overlay, create it or fix slipway.yaml`,
    );
  }
  const names = entries.filter((entry) => entry.type === 'blob').map((entry) => posix.basename(entry.path));
  const name = findKustomizationFile(names, overlay);
  const entry = entries.find((candidate) => posix.basename(candidate.path) === name);
  if (entry === undefined || entry.mode === '120000')
    throw new Refusal(`${overlay}/${name} is a symbolic link: put the file itself there`);
  const [content = Buffer.alloc(0)] = await git.readBlobs([entry.oid]);
  if (isPointer(content)) throw isKeptElsewhere(entry.path);
  return { path: entry.path, mode: entry.mode, content, beside: names };
}

/** Returns the submodule that holds one of the paths, if any does. */
async function findSubmodule(git: Git, commit: CommitSha, paths: Iterable<string>): Promise<string | undefined> {
  const modules = (await git.lsTree(commit, '', true)).filter(({ type }) => type === 'commit');
  const wanted = [...paths];
  return modules.find(({ path }) => wanted.some((one) => one === path || one.startsWith(`${path}/`)))?.path;
}

function inSubmodule(path: string, submodule: string): Refusal {
  return new Refusal(
    `${path} is in the git submodule ${submodule}, and a commit of this repository cannot change or render what is in another one; put the folder itself here, or refer to it by its URL`,
  );
}

/** The first line of a Git LFS pointer, by its specification. */
function isPointer(content: Buffer): boolean {
  return content.subarray(0, 42).toString('latin1') === 'version https://git-lfs.github.com/spec/v1';
}

function isKeptElsewhere(path: string): Refusal {
  return new Refusal(
    `${path} is a Git LFS pointer, not the file itself; take its line out of .gitattributes and commit the file`,
  );
}

/** What an overlay is rendered from. */
export interface Materialized {
  /** The files, by their paths in the repository. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The paths that kustomizations refer to, whether there is something or not. */
  readonly references: ReadonlySet<string>;
}

/**
 * Writes what rendering `overlay` needs below `target`: its folder and, step by step, whatever its kustomizations
 * refer to inside the repository. The cost follows the overlay, not the repository.
 */
export async function materializeOverlay(
  git: Git,
  commit: CommitSha,
  overlay: string,
  target: string,
): Promise<Materialized> {
  const files = new Map<string, Buffer>();
  const references = new Set<string>();
  let wanted = [posix.normalize(overlay)];
  while (wanted.length > 0) {
    const entries = await listPaths(git, commit, wanted);
    const fresh = entries.filter((entry) => !files.has(entry.path));
    const contents = await git.readBlobs(fresh.map((entry) => entry.oid));
    await Promise.all(fresh.map((entry, index) => writeEntry(target, entry, contents[index] ?? Buffer.alloc(0))));
    for (const [index, entry] of fresh.entries()) files.set(entry.path, contents[index] ?? Buffer.alloc(0));
    wanted = fresh.flatMap((entry, index) => referencesOf(entry, contents[index] ?? Buffer.alloc(0)));
    for (const path of wanted) references.add(path);
  }
  return { files, references };
}

/** Refuses an overlay that does not render for what git keeps elsewhere: a submodule, a Git LFS pointer. */
export async function refuseAbsent(git: Git, commit: CommitSha, { files, references }: Materialized): Promise<void> {
  for (const [path, content] of files) if (isPointer(content)) throw isKeptElsewhere(path);
  const submodule = await findSubmodule(git, commit, references);
  if (submodule === undefined) return;
  const path = [...references].find((one) => one === submodule || one.startsWith(`${submodule}/`)) ?? submodule;
  throw inSubmodule(path, submodule);
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

function referencesOf({ path }: TreeEntry, content: Buffer): string[] {
  const isKustomization = FILE_NAMES.some((name) => name === posix.basename(path));
  return isKustomization ? resolveReferences(content.toString('utf8'), posix.dirname(path)) : [];
}

async function writeEntry(target: string, entry: TreeEntry, content: Buffer): Promise<void> {
  const path = join(target, entry.path);
  await mkdir(dirname(path), { recursive: true });
  if (entry.mode === '120000') return symlink(content.toString('utf8'), path);
  await writeFile(path, content);
}
