import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { createDigestReader } from '#core/overlay/kustomization/past-digests.ts';
import { findKustomizationFile } from '#core/overlay/kustomization/references.ts';
import { digestsOf, type EntryDigests, type ImageDigests, type ImageNames } from '#core/overlay/names.ts';
import { openCommit, type SourceTree } from '#core/source/source-tree.ts';
import { createQueue } from '#core/system/limit.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Trees of past commits, fetched without files; those that are asked for come one by one. */
export interface Past {
  /** Opens a commit; its trees are fetched when they are not here. */
  open(commit: CommitSha): Promise<SourceTree>;
  /** Reads the digests of overlays, each at the commits beside its folder; sixty-four zeros count as none. */
  readDigests(wanted: ReadonlyMap<string, Iterable<CommitSha>>, known?: KnownCommits): Promise<DigestsAt>;
  /** Returns the same past for a head whose slipway.yaml calls the images so: its names count for all commits. */
  named(names: ImageNames): Past;
  /** True when a commit changes something in each of the folders. */
  changesAll(parent: CommitSha, commit: CommitSha, folders: readonly string[]): Promise<boolean>;
  /** Returns the commits of `head`'s first-parent line after `base`, at most `count`, that change one of the paths. */
  listTouching(base: CommitSha, head: CommitSha, count: number, paths: readonly string[]): Promise<CommitSha[]>;
}

/** An environment whose releases are looked for, with its overlay's folder. */
export interface ReleasePlace {
  readonly environment: string;
  readonly overlay: string;
}

/** Returns the digests of an overlay at a commit; undefined where that was not read. */
export type DigestsAt = (overlay: string, commit: CommitSha) => ImageDigests | undefined;

/** What makes reading many commits cheaper. */
interface KnownCommits {
  /** Returns a commit's root tree: git finds a folder below it without the commit. */
  readonly treeOf?: (commit: CommitSha) => string | undefined;
  /** Commits whose trees are fetched in the same request. */
  readonly also?: readonly CommitSha[];
}

const NOTHING: EntryDigests = new Map();

/** An overlay's folder at one commit. */
interface Folder {
  readonly overlay: string;
  readonly commit: CommitSha;
  /** As git names its tree. */
  readonly name: string;
}

/**
 * Opens the past in `git`, an empty repository of its own. `head` is the repository with whole trees: what it has, the
 * branch's head and the checkout's commit, is read there and not fetched again.
 */
export function openPast(git: Git, head: Git): Past {
  // a commit that is fetched alone ends the history that is here: no range may be read meanwhile
  const oneByOne = createQueue();
  const trees = openTrees({ ...git, fetch: (what) => oneByOne(() => git.fetch(what)) }, head);
  const readFiles = createFileReader(git, head);
  const parseDigests = createDigestReader();
  const digests = new Map<string, EntryDigests>();
  const open = (names: ImageNames): Past => ({
    open: async (commit) => {
      await trees.prepare([commit]);
      const source = openCommit(trees.homeOf(commit), commit);
      const readText = async (path: string): Promise<string | undefined> => {
        const [entry] = await source.findEntries([path]);
        if (entry?.type !== 'blob') return undefined;
        return (await readFiles([entry.oid])).get(entry.oid);
      };
      return { ...source, readText };
    },
    readDigests: async (wanted, { treeOf, also = [] } = {}) => {
      const folders = [...wanted].flatMap(([overlay, commits]) =>
        [...commits].map((commit) => ({ overlay, commit, name: `${treeOf?.(commit) ?? commit}:${overlay}` })),
      );
      const entries = await trees.readFolders(folders, also);
      const oids = folders.map(({ overlay }, index) => findFile(entries[index] ?? [], overlay));
      const unread = [...new Set(oids)].filter((oid): oid is string => oid !== undefined && !digests.has(oid));
      const files = await readFiles(unread);
      for (const oid of unread) digests.set(oid, parseDigests(files.get(oid) ?? ''));
      const found = new Map([...wanted.keys()].map((overlay) => [overlay, new Map<CommitSha, ImageDigests>()]));
      for (const [index, { overlay, commit }] of folders.entries())
        found.get(overlay)?.set(commit, digestsOf(digests.get(oids[index] ?? '') ?? NOTHING, names));
      return (overlay, commit) => found.get(overlay)?.get(commit);
    },
    changesAll: async (parent, commit, folders) => {
      await trees.prepare([parent, commit]);
      const list = (at: CommitSha) => trees.homeOf(at).findObjects(folders.map((folder) => `${at}:${folder}`));
      const [before, after] = await Promise.all([list(parent), list(commit)]);
      return folders.every((_folder, index) => before[index] !== after[index]);
    },
    listTouching: (base, tip, count, paths) => oneByOne(() => listRange(git, base, tip, count, paths)),
    named: open,
  });
  return open(new Map());
}

/** The trees of two repositories. */
interface Trees {
  /** Fetches the trees of commits that neither repository has, all in one request. */
  prepare(commits: readonly CommitSha[]): Promise<void>;
  /** Returns the repository that has a commit which is prepared. */
  homeOf(commit: CommitSha): Git;
  /** Returns the entries of folders, in their order; none where a folder was not there. Prepares `also` with them. */
  readFolders(folders: readonly Folder[], also: readonly CommitSha[]): Promise<(readonly TreeEntry[])[]>;
}

function openTrees(git: Git, head: Git): Trees {
  const homes = new Map<CommitSha, Git>();
  const prepare = async (commits: readonly CommitSha[]): Promise<void> => {
    const unknown = [...new Set(commits)].filter((commit) => !homes.has(commit));
    const whole = await head.findCommits(unknown);
    for (const commit of whole) homes.set(commit, head);
    const missing = unknown.filter((commit) => !whole.has(commit));
    if (missing.length === 0) return;
    const refspecs = missing.map((commit) => `${commit}:refs/slipway/past/${commit}`);
    if (!(await git.fetch({ refspecs, depth: 1, filter: 'blob:none' })))
      throw new Refusal(`the branch was rewritten while this ran: commit ${missing[0]} is gone; run the job again`);
    for (const commit of missing) homes.set(commit, git);
  };
  return {
    prepare,
    homeOf: (commit) => homes.get(commit) ?? git,
    readFolders: async (folders, also) => {
      const here = await head.readTrees(folders.map(({ name }) => name));
      const away = folders.filter((_folder, index) => here[index] === undefined);
      await prepare([...away.map(({ commit }) => commit), ...also]);
      const fetched = away.filter(({ commit }) => homes.get(commit) === git);
      const there = await git.readTrees(fetched.map(({ name }) => name));
      const entries = new Map(fetched.map((folder, index) => [folder, there[index]]));
      return folders.map((folder, index) => here[index] ?? entries.get(folder) ?? []);
    },
  };
}

/** Returns a reader of files by their ids, which fetches what neither repository has in one request. */
function createFileReader(git: Git, head: Git): (oids: readonly string[]) => Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  return async (oids) => {
    const unread = [...new Set(oids)].filter((oid) => !files.has(oid));
    const here = await head.findTexts(unread);
    const missing = unread.filter((_oid, index) => here[index] === undefined);
    await git.fetchObjects(missing);
    const fetched = await git.readBlobs(missing);
    for (const [index, oid] of missing.entries()) files.set(oid, fetched[index]?.toString('utf8') ?? '');
    for (const [index, oid] of unread.entries()) files.set(oid, here[index] ?? files.get(oid) ?? '');
    return files;
  };
}

async function listRange(
  git: Git,
  base: CommitSha,
  tip: CommitSha,
  count: number,
  paths: readonly string[],
): Promise<CommitSha[]> {
  // the base may be beside the line, beyond the depth
  const refspecs = [`+${tip}:refs/slipway/range`, `+${base}:refs/slipway/base`];
  await git.fetch({ refspecs, depth: count + 2, filter: 'blob:none' });
  return git.listTouching(base, tip, paths);
}

/** An overlay that was not there, or was not one, has no digests: that is an answer about the past, not a fault of now. */
function findFile(entries: readonly TreeEntry[], overlay: string): string | undefined {
  const blobs = entries.filter(({ type }) => type === 'blob');
  const names = blobs.map(({ path }) => path);
  return orNothing(() => blobs[names.indexOf(findKustomizationFile(names, overlay))]?.oid);
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
