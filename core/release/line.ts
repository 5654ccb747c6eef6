import type { Git } from '#core/git/repository.ts';
import type { Branch, Relation } from '#core/release/order.ts';
import type { CommitSha } from '#core/values/reference.ts';

/**
 * How many commits to fetch from the head, step by step: the last release is mostly a few commits away, and commits
 * without their trees are small. The last is git's own number for "all".
 */
const DEPTHS = [128, 2_147_483_647] as const;

/** How much of the history is fetched, whichever head it was fetched for. */
export interface FetchedDepth {
  step: number;
}

/** The commits of one branch from its head down, fetched without trees and files, only as far as a question needs. */
export interface Line extends Branch {
  readonly head: CommitSha;
  /** Fetches the next step; false when the history is whole. */
  deepen(): Promise<boolean>;
  /** Returns the first-parent line, newest first, where it is fetched. */
  commits(): Promise<readonly CommitSha[]>;
  /** Returns the index of the line's oldest commit that has `commit` below it, or is it; 0 is the head. */
  findEntry(commit: CommitSha): Promise<number>;
}

interface Read {
  readonly commits: readonly CommitSha[];
  readonly index: ReadonlyMap<CommitSha, number>;
}

/** Opens the branch below `head` in `git`, a repository for commits alone that earlier heads may have filled. */
export async function openLine(git: Git, head: CommitSha, depth: FetchedDepth): Promise<Line> {
  let line: Promise<Read> | undefined;
  let sides: Promise<ReadonlyMap<CommitSha, number>> | undefined;
  const fetchStep = async (): Promise<void> => {
    [line, sides] = [undefined, undefined];
    const refspecs = [`+${head}:refs/slipway/branch`];
    await git.fetch({ refspecs, depth: DEPTHS[depth.step] ?? 1, filter: 'tree:0' });
  };
  const read = (): Promise<Read> => {
    line ??= git.firstParentLine(head).then((commits) => ({ commits, index: indexOf(commits) }));
    return line;
  };
  const deepen = async (): Promise<boolean> => {
    if (depth.step + 1 >= DEPTHS.length || !git.isShallow()) return false;
    depth.step += 1;
    await fetchStep();
    return true;
  };
  const isOnLine = async (commit: CommitSha): Promise<boolean> => (await read()).index.has(commit);
  const findEntry = async (commit: CommitSha): Promise<number> => {
    const { commits, index } = await read();
    const own = index.get(commit);
    if (own !== undefined) return own;
    sides ??= git.listParents(head).then((parents) => indexSides(commits, parents));
    return (await sides).get(commit) ?? 0;
  };
  /** Beside the line a path that was cut would mislead. */
  const findWholeEntry = async (commit: CommitSha): Promise<number> => {
    while (!(await isOnLine(commit)) && (await deepen()));
    return findEntry(commit);
  };
  await fetchStep();
  return {
    head,
    deepen,
    commits: async () => (await read()).commits,
    findEntry,
    contains: async (commit) => {
      do {
        if ((await isOnLine(commit)) || (await git.isAncestor(commit, head)) === true) return true;
      } while (await deepen());
      return false;
    },
    compare: async (one, other) => {
      if (one === other) return 'same';
      const [a, b] = [await findWholeEntry(one), await findWholeEntry(other)];
      if (a === b) return compareBrought(git, one, other);
      return a > b ? 'older' : 'newer';
    },
    broughtBy: async (commit) => (await read()).commits[await findWholeEntry(commit)] ?? head,
  };
}

function indexOf(commits: readonly CommitSha[]): ReadonlyMap<CommitSha, number> {
  return new Map(commits.map((commit, index) => [commit, index]));
}

/** One commit of the line brought both: git's ancestry alone can say more. */
async function compareBrought(git: Git, one: CommitSha, other: CommitSha): Promise<Relation> {
  if (await git.isAncestor(one, other)) return 'older';
  return (await git.isAncestor(other, one)) ? 'newer' : 'beside';
}

/** Returns for each commit beside the line the index of the line's commit that brought it: the oldest that reaches it. */
function indexSides(
  line: readonly CommitSha[],
  parents: ReadonlyMap<CommitSha, readonly CommitSha[]>,
): ReadonlyMap<CommitSha, number> {
  const entries = new Map<CommitSha, number>();
  const onLine = new Set(line);
  for (let index = line.length - 1; index >= 0; index--) {
    const open = [...(parents.get(line[index] as CommitSha) ?? []).slice(1)]; // index is within the line
    for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
      if (onLine.has(commit) || entries.has(commit)) continue;
      entries.set(commit, index);
      open.push(...(parents.get(commit) ?? []));
    }
  }
  return entries;
}
