import { posix } from 'node:path';
import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { FILE_NAMES, resolveReferences } from '#core/overlay/kustomization/references.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What the overlays of a commit are rendered from. */
export interface Reach {
  /** Returns the files and folders that rendering an overlay reads: its own and, step by step, what they refer to. */
  rootsOf(overlay: string): ReadonlySet<string>;
}

/** Kustomizations and symbolic links of a commit: what leads from one place to another. */
interface Pointers {
  /** Paths that a kustomization refers to, by the folder below which it is, at any height. */
  readonly below: ReadonlyMap<string, readonly Kustomization[]>;
  readonly links: ReadonlyMap<string, string>;
}

interface Kustomization {
  readonly path: string;
  readonly text: string;
}

/** Reads every kustomization of a commit at once, by two processes, whatever their number. */
export async function readReach(git: Git, commit: CommitSha): Promise<Reach> {
  const entries = (await git.lsTree(commit, '', true)).filter((entry) => isKustomization(entry) || isLink(entry));
  const contents = await git.readBlobs(entries.map(({ oid }) => oid));
  const below = new Map<string, Kustomization[]>();
  const links = new Map<string, string>();
  for (const [index, entry] of entries.entries()) {
    const text = contents[index]?.toString('utf8') ?? '';
    if (isLink(entry)) links.set(entry.path, posix.join(posix.dirname(entry.path), text));
    else for (const folder of listAncestors(entry.path)) addTo(below, folder, { path: entry.path, text });
  }
  const known = new Map<string, string[]>();
  return { rootsOf: (overlay) => findRoots(overlay, { below, links }, known) };
}

function normalize(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

function isKustomization({ path, type }: TreeEntry): boolean {
  return type === 'blob' && FILE_NAMES.some((name) => name === posix.basename(path));
}

function isLink({ mode }: TreeEntry): boolean {
  return mode === '120000';
}

function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The path itself and the folders above it, up to the root. */
function listAncestors(path: string): string[] {
  const parts = path.split('/');
  return ['.', ...parts.map((_part, at) => parts.slice(0, at + 1).join('/'))];
}

function findRoots(overlay: string, pointers: Pointers, known: Map<string, string[]>): ReadonlySet<string> {
  const roots = new Set<string>();
  const open = [normalize(overlay)];
  for (let root = open.pop(); root !== undefined; root = open.pop()) {
    if (roots.has(root)) continue;
    roots.add(root);
    open.push(...followLinks(root, pointers.links));
    for (const { path, text } of pointers.below.get(root) ?? []) {
      const references = known.get(path) ?? resolveReferences(text, posix.dirname(path));
      known.set(path, references);
      open.push(...references);
    }
  }
  return roots;
}

/** Links may lead round in a circle, each time by a longer path; no file has one of this length. */
const LONGEST_PATH = 4_096;

/** A link on the way to a path leads to another path; one below it leads out of it. */
function followLinks(path: string, links: ReadonlyMap<string, string>): string[] {
  if (links.size === 0) return [];
  const within = [...links].filter(([link]) => link.startsWith(`${path}/`)).map(([, target]) => target);
  const above = listAncestors(path).flatMap((link) => {
    const target = links.get(link);
    return target === undefined ? [] : [link, posix.join(target, path.slice(link.length))];
  });
  return [...within, ...above].filter(
    (one) => !one.startsWith('..') && !posix.isAbsolute(one) && one.length < LONGEST_PATH,
  );
}

/** Returns a function that tells whether one of the paths is, or is below, one of an overlay's roots. */
export function createTouch(paths: readonly string[]): (roots: ReadonlySet<string>) => boolean {
  const touched = new Set(paths.flatMap(listAncestors));
  return (roots) => [...roots].some((root) => touched.has(root));
}
