import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { createDigestReader } from '#core/overlay/kustomization/past-digests.ts';
import { findKustomizationFile } from '#core/overlay/kustomization/references.ts';
import { openCommit, type SourceTree } from '#core/source/source-tree.ts';
import { createQueue } from '#core/system/limit.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** Trees of past commits, fetched without files; those that are asked for come one by one. */
export interface Past {
  /** Fetches the trees of commits, all in one request. */
  prepare(commits: readonly CommitSha[]): Promise<void>;
  /** Opens a commit; its trees are fetched when they are not here. */
  open(commit: CommitSha): Promise<SourceTree>;
  /** Returns the digests of an overlay at commits, in their order; sixty-four zeros count as none. */
  readDigests(places: readonly OverlayPlace[]): Promise<ReadonlyMap<string, Digest>[]>;
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

/** An overlay's folder at one commit. */
export interface OverlayPlace {
  readonly commit: CommitSha;
  readonly overlay: string;
}

/**
 * Opens the past in `git`, an empty repository of its own. `head` is the repository with whole trees: what it has, the
 * branch's head and the checkout's commit, is read there and not fetched again.
 */
export function openPast(git: Git, head: Git): Past {
  const homes = new Map<CommitSha, Git>();
  const files = new Map<string, Buffer>();
  const readDigestsOf = createDigestReader();
  // a commit that is fetched alone ends the history that is here: no range may be read meanwhile
  const oneByOne = createQueue();
  const prepare = async (commits: readonly CommitSha[]): Promise<void> => {
    const unknown = [...new Set(commits)].filter((commit) => !homes.has(commit));
    const whole = await head.findCommits(unknown);
    for (const commit of whole) homes.set(commit, head);
    const missing = unknown.filter((commit) => !whole.has(commit));
    if (missing.length === 0) return;
    const refspecs = missing.map((commit) => `${commit}:refs/slipway/past/${commit}`);
    if (!(await oneByOne(() => git.fetch({ refspecs, depth: 1, filter: 'blob:none' }))))
      throw new Refusal('the branch was moved away while this ran; run the job again');
    for (const commit of missing) homes.set(commit, git);
  };
  /** Fetches what neither repository has, all in one request. */
  const readFiles = async (oids: readonly string[]): Promise<void> => {
    const unread = [...new Set(oids)].filter((oid) => !files.has(oid));
    const here = await head.findBlobs(unread);
    const missing = unread.filter((_oid, index) => here[index] === undefined);
    await git.fetchObjects(missing);
    const fetched = await git.readBlobs(missing);
    for (const [index, oid] of missing.entries()) files.set(oid, fetched[index] ?? Buffer.alloc(0));
    for (const [index, oid] of unread.entries()) files.set(oid, here[index] ?? files.get(oid) ?? Buffer.alloc(0));
  };
  return {
    prepare,
    open: async (commit) => {
      await prepare([commit]);
      const source = openCommit(homes.get(commit) ?? git, commit);
      const readText = async (path: string): Promise<string | undefined> => {
        const [entry] = await source.findEntries([path]);
        if (entry?.type !== 'blob') return undefined;
        await readFiles([entry.oid]);
        return files.get(entry.oid)?.toString('utf8');
      };
      return { ...source, readText };
    },
    readDigests: async (places) => {
      await prepare(places.map(({ commit }) => commit));
      const found = await findOverlayFiles(places, homes);
      await readFiles([...found.values()].filter((oid) => oid !== undefined));
      const text = (oid: string | undefined): string => files.get(oid ?? '')?.toString('utf8') ?? '';
      const read = new Map([...found].map(([name, oid]) => [name, readDigestsOf(text(oid))]));
      return places.map((place) => read.get(nameOf(place)) ?? new Map());
    },
    changesAll: async (parent, commit, folders) => {
      await prepare([parent, commit]);
      const list = (at: CommitSha) => (homes.get(at) ?? git).findObjects(folders.map((folder) => `${at}:${folder}`));
      const [before, after] = await Promise.all([list(parent), list(commit)]);
      return folders.every((_folder, index) => before[index] !== after[index]);
    },
    listTouching: (base, tip, count, paths) => oneByOne(() => listRange(git, base, tip, count, paths)),
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

/** Returns the kustomization file of each overlay, by the overlay's name. */
async function findOverlayFiles(
  places: readonly OverlayPlace[],
  homes: ReadonlyMap<CommitSha, Git>,
): Promise<ReadonlyMap<string, string | undefined>> {
  const unique = new Map(places.map((place) => [nameOf(place), place]));
  const trees = await readTrees(unique, homes);
  return new Map([...unique].map(([name, { overlay }]) => [name, findFile(trees.get(name) ?? [], overlay)?.oid]));
}

/** As git names a tree. */
function nameOf({ commit, overlay }: OverlayPlace): string {
  return `${commit}:${overlay}`;
}

/** Returns the folders' entries by name, by one process for each repository. */
async function readTrees(
  places: ReadonlyMap<string, OverlayPlace>,
  homes: ReadonlyMap<CommitSha, Git>,
): Promise<ReadonlyMap<string, TreeEntry[] | undefined>> {
  const trees = new Map<string, TreeEntry[] | undefined>();
  for (const home of new Set(homes.values())) {
    const own = [...places].filter(([, { commit }]) => homes.get(commit) === home).map(([name]) => name);
    const read = await home.readTrees(own);
    for (const [index, name] of own.entries()) trees.set(name, read[index]);
  }
  return trees;
}

/** An overlay that was not there, or was not one, has no digests: that is an answer about the past, not a fault of now. */
function findFile(entries: readonly TreeEntry[], overlay: string): TreeEntry | undefined {
  const blobs = new Map(entries.filter(({ type }) => type === 'blob').map((entry) => [entry.path, entry]));
  return orNothing(() => blobs.get(findKustomizationFile([...blobs.keys()], overlay)));
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
