import type { Git } from '#core/git/repository.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { readImageEntries } from '#core/overlay/kustomization/images.ts';
import { findKustomizationFile } from '#core/overlay/kustomization/references.ts';
import { openCommit, type SourceTree } from '#core/source/source-tree.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommitSha, type Digest, NEVER_RELEASED } from '#core/values/reference.ts';

/** Trees of past commits, fetched without the files that nobody reads. */
export interface Past {
  /** Fetches the trees of commits, all in one request. */
  prepare(commits: readonly CommitSha[]): Promise<void>;
  /** Opens a commit; its trees are fetched when they are not here. */
  open(commit: CommitSha): Promise<SourceTree>;
  /** Returns the digests of an overlay at commits, in their order; sixty-four zeros count as none. */
  readDigests(places: readonly OverlayPlace[]): Promise<ReadonlyMap<string, Digest>[]>;
  /** Returns the commits of `head`'s first-parent line after `base`, at most `count`, that change one of the paths. */
  listTouching(base: CommitSha, head: CommitSha, count: number, paths: readonly string[]): Promise<CommitSha[]>;
}

/** An overlay's folder at one commit. */
export interface OverlayPlace {
  readonly commit: CommitSha;
  readonly overlay: string;
}

/** Opens the past in `git`, an empty repository of its own. */
export function openPast(git: Git): Past {
  const here = new Set<CommitSha>();
  const digests = new Map<string, ReadonlyMap<string, Digest>>();
  const prepare = async (commits: readonly CommitSha[]): Promise<void> => {
    const missing = [...new Set(commits)].filter((commit) => !here.has(commit));
    if (missing.length === 0) return;
    const refspecs = missing.map((commit) => `${commit}:refs/slipway/past/${commit}`);
    if (!(await git.fetch({ refspecs, depth: 1, filter: 'blob:none' })))
      throw new Refusal('the branch was moved away while this ran; run the job again');
    for (const commit of missing) here.add(commit);
  };
  const open = async (commit: CommitSha): Promise<SourceTree> => {
    await prepare([commit]);
    return { ...openCommit(git, commit), readText: (path) => readFetched(git, commit, path) };
  };
  return {
    prepare,
    open,
    readDigests: async (places) => {
      await prepare(places.map(({ commit }) => commit));
      const trees = await git.readTrees(places.map(({ commit, overlay }) => `${commit}:${overlay}`));
      const files = places.map(({ overlay }, index) => findFile(trees[index] ?? [], overlay));
      const unread = [
        ...new Set(files.flatMap((file) => (file === undefined || digests.has(file.oid) ? [] : [file.oid]))),
      ];
      await git.fetchObjects(unread);
      const contents = await git.readBlobs(unread);
      for (const [index, oid] of unread.entries())
        digests.set(oid, parseDigests(contents[index]?.toString('utf8') ?? ''));
      return files.map((file) => (file === undefined ? undefined : digests.get(file.oid)) ?? new Map());
    },
    listTouching: async (base, head, count, paths) => {
      await git.fetch({ refspecs: [`+${head}:refs/slipway/range`], depth: count + 2, filter: 'blob:none' });
      return git.listTouching(base, head, paths);
    },
  };
}

async function readFetched(git: Git, commit: CommitSha, path: string): Promise<string | undefined> {
  const [entry] = await git.findEntries(commit, [path]);
  if (entry?.type !== 'blob') return undefined;
  await git.fetchObjects([entry.oid]);
  return (await git.readBlobs([entry.oid]))[0]?.toString('utf8');
}

/** An overlay that was not there, or was not one, has no digests: that is an answer about the past, not a fault of now. */
function findFile(entries: readonly TreeEntry[], overlay: string): TreeEntry | undefined {
  const blobs = new Map(entries.filter(({ type }) => type === 'blob').map((entry) => [entry.path, entry]));
  return orNothing(() => blobs.get(findKustomizationFile([...blobs.keys()], overlay)));
}

function parseDigests(text: string): ReadonlyMap<string, Digest> {
  const entries = orNothing(() => readImageEntries(text, 'kustomization.yaml')) ?? [];
  return new Map(
    entries.flatMap(({ name, digest }): [string, Digest][] =>
      digest === undefined || digest === NEVER_RELEASED ? [] : [[name, digest]],
    ),
  );
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
