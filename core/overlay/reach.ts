import { posix } from 'node:path';
import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { FILE_NAMES, resolveReferences } from '#core/overlay/kustomization/references.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What leads from one place of a commit to another. */
export interface Reach {
  /**
   * Returns the files and folders from which rendering comes to one of the paths, step by step: they themselves, what
   * refers to them, and all folders above. An overlay that is not among them does not read them.
   */
  reachedFrom(paths: readonly string[]): ReadonlySet<string>;
}

/** A kustomization, or a symbolic link, which refers to its target. */
interface Pointer {
  readonly path: string;
  readonly text: string;
  readonly isLink: boolean;
}

/** Reads every kustomization of a commit at once, by two processes, whatever their number. */
export async function readReach(git: Git, commit: CommitSha): Promise<Reach> {
  const entries = (await git.lsTree(commit, '', true)).filter((entry) => isKustomization(entry) || isLink(entry));
  const contents = await git.readBlobs(entries.map(({ oid }) => oid));
  const pointers = entries.map((entry, at) => ({
    path: entry.path,
    text: contents[at]?.toString('utf8') ?? '',
    isLink: isLink(entry),
  }));
  return { reachedFrom: (paths) => findReached(paths, pointers) };
}

/** Returns a folder's path as {@link Reach} has it. */
export function normalizeFolder(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

function isKustomization({ path, type }: TreeEntry): boolean {
  return type === 'blob' && FILE_NAMES.some((name) => name === posix.basename(path));
}

function isLink({ mode }: TreeEntry): boolean {
  return mode === '120000';
}

/** The path itself and the folders above it, up to the root. */
function listAncestors(path: string): string[] {
  const parts = path.split('/');
  return ['.', ...parts.map((_part, at) => parts.slice(0, at + 1).join('/'))];
}

/** Backwards, from what is read to what reads it: of a thousand overlays few have to be parsed. */
function findReached(paths: readonly string[], pointers: readonly Pointer[]): ReadonlySet<string> {
  const links = new Set(pointers.filter((one) => one.isLink).map(({ path }) => path));
  const reached = new Set(paths.flatMap(listAncestors));
  const targets = new Map<Pointer, readonly string[]>();
  let open = [...pointers];
  for (let isNew = true; isNew; ) {
    const mayRefer = createGuess(reached);
    const found = open.filter((pointer) => {
      if (!pointer.isLink && !mayRefer(pointer.text)) return false;
      const known = targets.get(pointer) ?? listTargets(pointer, links);
      targets.set(pointer, known);
      return known.some((target) => reached.has(target));
    });
    open = open.filter((pointer) => !found.includes(pointer));
    for (const folder of found.flatMap(({ path }) => listAncestors(path))) reached.add(folder);
    isNew = found.length > 0;
  }
  return reached;
}

/** YAML may write a name otherwise than it is: by escapes, or over two lines where it has a space. */
const UNCLEAR = /\\|(^|[\s"'[{,/=:-])\.\.?\/*(?=$|[\s"',\]}#])/m;

/** Returns whether a kustomization's text can refer to one of the places: their last names are in it, or may be. */
function createGuess(places: ReadonlySet<string>): (text: string) => boolean {
  const names = [...new Set([...places].map((path) => posix.basename(path)))].filter((name) => name !== '.');
  if (names.some((name) => /\s/.test(name))) return () => true;
  return (text) => UNCLEAR.test(text) || names.some((name) => text.includes(name));
}

/** What a pointer refers to, and the links on the way there: each of those refers to where it leads. */
function listTargets(pointer: Pointer, links: ReadonlySet<string>): string[] {
  const paths = pointer.isLink ? [targetOf(pointer)] : resolveReferences(pointer.text, posix.dirname(pointer.path));
  return paths.flatMap((path) => [path, ...listAncestors(path).filter((folder) => links.has(folder))]);
}

function targetOf({ path, text }: Pointer): string {
  return normalizeFolder(posix.join(posix.dirname(path), text));
}
