import type { Objects } from '#core/git/objects.ts';
import { findEntries, findObjects, lsTree, readText } from '#core/git/read.ts';
import type { RunGit } from '#core/git/remote.ts';
import { parseTreeObject, type TreeEntry } from '#core/git/tree-entry.ts';

/** What the commits of one repository hold. Trees are read once each: most commits leave most folders as they are. */
export interface Trees {
  /** As {@link lsTree}. */
  lsTree(revision: string, path: string, recursive: boolean): Promise<TreeEntry[]>;
  /** As {@link findEntries}. */
  findEntries(revision: string, paths: readonly string[]): Promise<(TreeEntry | undefined)[]>;
  /** As {@link readText}. */
  readText(revision: string, path: string): Promise<string | undefined>;
  /** As {@link findObjects}. */
  findObjects(names: readonly string[]): Promise<(string | undefined)[]>;
}

/** More trees than this at one level are listed by git itself: it answers these questions one by one. */
const MANY = 64;

/** Thrown where a walk cannot answer: git is asked in its own words, which also has the right error. */
class AskGit extends Error {}

/** Opens the trees of the repository that `objects` are of; `run` answers what takes more than looking up a path. */
export function openTrees(run: RunGit, objects: Objects): Trees {
  const read = openReader(objects);
  return {
    lsTree: (revision, path, recursive) =>
      orElse(
        async () => {
          const parts = splitPath(path);
          if (parts.length === 0 && recursive) throw new AskGit();
          const entry = await read.find(revision, parts);
          if (recursive) return entry === undefined ? [] : expand(read, entry);
          return entry?.type === 'tree' ? read.children(entry) : [];
        },
        () => lsTree(run, revision, path, recursive),
      ),
    findEntries: (revision, paths) =>
      orElse(
        () => Promise.all(paths.map((path) => read.find(revision, splitPath(path)))),
        () => findEntries(run, revision, paths),
      ),
    readText: (revision, path) =>
      orElse(
        async () => {
          const entry = await read.find(revision, splitPath(path));
          if (entry?.type !== 'blob') return undefined;
          const [blob] = await objects.read([entry.oid]);
          if (blob === undefined) throw new AskGit();
          return blob.bytes.toString('utf8');
        },
        () => readText(run, revision, path),
      ),
    findObjects: (names) =>
      orElse(
        () => Promise.all(names.map((name) => findObject(read, name))),
        () => findObjects(run, names),
      ),
  };
}

async function findObject(read: Reader, name: string): Promise<string | undefined> {
  const colon = name.indexOf(':');
  if (colon === -1) throw new AskGit();
  const entry = await read.find(name.slice(0, colon), splitPath(name.slice(colon + 1)));
  return entry?.type === 'commit' ? undefined : entry?.oid; // a submodule's commit is in its own repository
}

async function orElse<T>(walk: () => Promise<T>, ask: () => Promise<T>): Promise<T> {
  try {
    return await walk();
  } catch (error) {
    if (error instanceof AskGit) return ask();
    throw error;
  }
}

function splitPath(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.startsWith('/')) throw new AskGit();
  return parts;
}

/** Looks paths up, and lists folders. */
interface Reader {
  find(revision: string, parts: readonly string[]): Promise<TreeEntry | undefined>;
  /** Returns the entries of a folder, with their whole paths. */
  children(folder: TreeEntry): Promise<TreeEntry[]>;
}

function openReader(objects: Objects): Reader {
  const trees = new Map<string, Promise<readonly TreeEntry[]>>();
  const roots = new Map<string, Promise<string>>();
  const once = <T>(known: Map<string, Promise<T>>, key: string, open: () => Promise<T>): Promise<T> => {
    const opening = known.get(key) ?? open();
    known.set(key, opening);
    opening.catch(() => known.delete(key)); // it may be fetched later
    return opening;
  };
  const readTree = async (name: string): Promise<{ oid: string; entries: readonly TreeEntry[] }> => {
    const [tree] = await objects.read([name]);
    if (tree?.type !== 'tree') throw new AskGit();
    return { oid: tree.oid, entries: parseTreeObject(tree.bytes) };
  };
  const list = (oid: string) => once(trees, oid, async () => (await readTree(oid)).entries);
  const openRoot = async (revision: string): Promise<string> => {
    if (revision.includes('\n')) throw new AskGit();
    const { oid, entries } = await readTree(`${revision}^{tree}`);
    trees.set(oid, Promise.resolve(entries));
    return oid;
  };
  return {
    find: async (revision, parts) => {
      // what a ref names may change
      const isCommit = /^[0-9a-f]{40}$/.test(revision);
      const root = await (isCommit ? once(roots, revision, () => openRoot(revision)) : openRoot(revision));
      let found: TreeEntry = { path: '.', mode: '040000', type: 'tree', oid: root };
      for (const [index, part] of parts.entries()) {
        if (found.type !== 'tree') return undefined;
        const entry: TreeEntry | undefined = (await list(found.oid)).find(({ path }) => path === part);
        if (entry === undefined) return undefined;
        found = { ...entry, path: parts.slice(0, index + 1).join('/') };
      }
      return found;
    },
    children: async ({ oid, path }) => {
      const prefix = path === '.' ? '' : `${path}/`;
      return (await list(oid)).map((entry) => ({ ...entry, path: `${prefix}${entry.path}` }));
    },
  };
}

/** Returns all files below an entry, in git's order; a folder's submodules too. */
async function expand(read: Reader, entry: TreeEntry): Promise<TreeEntry[]> {
  if (entry.type !== 'tree') return [entry];
  const children = await read.children(entry);
  if (children.filter(({ type }) => type === 'tree').length > MANY) throw new AskGit();
  return (await Promise.all(children.map((child) => expand(read, child)))).flat();
}
