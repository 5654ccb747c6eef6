import { type CommitPage, type LoggedCommit, readPage, readTime, readTree } from '#core/git/read.ts';
import type { Git } from '#core/git/repository.ts';
import type { Branch, Relation } from '#core/release/order.ts';
import { TRAILER_PREFIX } from '#core/release/trailer.ts';
import type { CommitSha } from '#core/values/reference.ts';

/**
 * How many commits to fetch from the head, step by step: the last release is mostly a few commits away, and commits
 * without their trees are small. The last is git's own number for "all".
 */
const DEPTHS = [128, 4_096, 2_147_483_647] as const;

/** How much of the history is fetched, whichever head it was fetched for. */
export interface FetchedDepth {
  step: number;
}

/** A commit with a trailer of ours in its message. */
export type LoggedClaim = LoggedCommit & { readonly message: string };

/** The commits of one branch from its head down, fetched without trees and files, step by step, until a question is answered. */
export interface Line extends Branch {
  readonly head: CommitSha;
  /** Fetches the next step; false when there is nothing more to fetch. */
  deepen(): Promise<boolean>;
  /** Fetches the history back to a time, or all of it. */
  reachBack(time: Date): Promise<void>;
  /** Returns the first-parent line, newest first, where it is fetched. */
  commits(): Promise<readonly CommitSha[]>;
  /** Returns the commits at which the fetched history ends: roots, and those whose parents are not fetched. */
  bottoms(): Promise<ReadonlySet<CommitSha>>;
  /** Returns a function that names the root tree of a commit; undefined where the commit is not fetched. */
  trees(): Promise<(commit: CommitSha) => string | undefined>;
  /** Returns who made a commit, when, and its subject. */
  describe(commit: CommitSha): Promise<CommitPage>;
  /** Returns who made commits, when, and their subjects: of those that are fetched. */
  describeAll(commits: readonly CommitSha[]): Promise<ReadonlyMap<CommitSha, CommitPage>>;
  /** Returns the fetched commits with a trailer of ours in their message, on the line and beside it. */
  claims(): Promise<readonly LoggedClaim[]>;
  /** Returns those of the commits that are on the line, where it is fetched. */
  find(commits: readonly CommitSha[]): Promise<readonly LoggedCommit[]>;
  /** Returns the index of the line's oldest commit that has `commit` below it, or is it; 0 is the head. */
  findEntry(commit: CommitSha): Promise<number>;
  /** Returns {@link findEntry} of each. */
  findEntries(commits: readonly CommitSha[]): Promise<number[]>;
}

interface Read {
  readonly logged: readonly LoggedCommit[];
  readonly claims: readonly LoggedClaim[];
  readonly byCommit: ReadonlyMap<CommitSha, LoggedCommit>;
  readonly line: readonly CommitSha[];
  readonly index: ReadonlyMap<CommitSha, number>;
  /** What lies beside the line, read when it is asked for. */
  sides?: ReadonlyMap<CommitSha, number>;
}

/** Opens the branch below `head` in `git`, a repository for commits alone that earlier heads may have filled; fetches more than `count` commits at once. */
export async function openLine(git: Git, head: CommitSha, depth: FetchedDepth, count: number): Promise<Line> {
  let reading: Promise<Read> | undefined;
  const fetchStep = async (): Promise<void> => {
    reading = undefined;
    const refspecs = [`+${head}:refs/slipway/branch`];
    const afresh = depth.step === DEPTHS.length - 1; // all of it is quicker than the rest of it
    await git.fetch({ refspecs, depth: DEPTHS[depth.step] ?? 1, filter: 'tree:0', afresh });
  };
  const read = (): Promise<Read> => (reading ??= readLine(git, head));
  const deepen = async (): Promise<boolean> => {
    if (depth.step + 1 >= DEPTHS.length || !git.isShallow()) return false;
    depth.step += 1;
    await fetchStep();
    return true;
  };
  const isOnLine = async (commit: CommitSha): Promise<boolean> => (await read()).index.has(commit);
  const findEntry = async (commit: CommitSha): Promise<number> => entryOf(commit, await read());
  /** Beside the line a path that was cut would mislead. */
  const findWholeEntry = async (commit: CommitSha): Promise<number> => {
    while (!(await isOnLine(commit)) && (await deepen()));
    return findEntry(commit);
  };
  depth.step = Math.max(depth.step, stepOf(count));
  await fetchStep();
  return {
    head,
    deepen,
    reachBack: async (time) => {
      while (isNewer(await read(), time) && (await deepen()));
    },
    commits: async () => (await read()).line,
    claims: async () => (await read()).claims,
    bottoms: async () => listBottoms(await read()),
    find: async (commits) => findOnLine(commits, await read()),
    trees: async () => {
      const { byCommit } = await read();
      return (commit) => treeOf(byCommit.get(commit));
    },
    describe: (commit) => git.describe(commit),
    describeAll: async (commits) => describeKnown(commits, await read()),
    findEntry,
    findEntries: async (commits) => {
      const known = await read();
      return commits.map((commit) => entryOf(commit, known));
    },
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
    broughtBy: async (commit) => (await read()).line[await findWholeEntry(commit)] ?? head,
  };
}

/** Returns the first step with more than `count` commits. */
function stepOf(count: number): number {
  return DEPTHS.findIndex((size) => size > count);
}

/** Git prints no parents where the fetched history ends. */
function listBottoms({ logged }: Read): ReadonlySet<CommitSha> {
  return new Set(logged.filter(({ parents }) => parents.length === 0).map(({ commit }) => commit));
}

function treeOf(logged: LoggedCommit | undefined): string | undefined {
  return logged === undefined ? undefined : readTree(logged);
}

function entryOf(commit: CommitSha, known: Read): number {
  const own = known.index.get(commit);
  if (own !== undefined) return own;
  known.sides ??= indexSides(known);
  return known.sides.get(commit) ?? 0;
}

function findOnLine(commits: readonly CommitSha[], { index, byCommit }: Read): LoggedCommit[] {
  return commits.filter((commit) => index.has(commit)).flatMap((commit) => byCommit.get(commit) ?? []);
}

/** Describes those of the commits that are fetched. */
function describeKnown(commits: readonly CommitSha[], { byCommit }: Read): ReadonlyMap<CommitSha, CommitPage> {
  const pages = new Map<CommitSha, CommitPage>();
  for (const commit of new Set(commits)) {
    const logged = byCommit.get(commit);
    if (logged !== undefined) pages.set(commit, readPage(logged));
  }
  return pages;
}

/** True when all of the line that is fetched was committed after a time. */
function isNewer({ logged, line }: Read, time: Date): boolean {
  const oldest = logged.find(({ commit }) => commit === line.at(-1));
  return oldest !== undefined && readTime(oldest) > time;
}

async function readLine(git: Git, head: CommitSha): Promise<Read> {
  const logged = await git.log(head, TRAILER_PREFIX);
  const byCommit = new Map(logged.map((entry) => [entry.commit, entry]));
  const line: CommitSha[] = [];
  for (let commit: CommitSha | undefined = head; commit !== undefined; ) {
    const entry = byCommit.get(commit);
    line.push(entry?.commit ?? commit);
    commit = entry?.parents[0];
  }
  const claims = logged.filter((entry): entry is LoggedClaim => entry.message !== undefined);
  return { logged, claims, byCommit, line, index: new Map(line.map((commit, index) => [commit, index])) };
}

/** One commit of the line brought both: git's ancestry alone can say more. */
async function compareBrought(git: Git, one: CommitSha, other: CommitSha): Promise<Relation> {
  if (await git.isAncestor(one, other)) return 'older';
  return (await git.isAncestor(other, one)) ? 'newer' : 'beside';
}

/** Returns for each commit beside the line the index of the line's commit that brought it: the oldest that reaches it. */
function indexSides({ line, index, byCommit }: Read): ReadonlyMap<CommitSha, number> {
  const entries = new Map<CommitSha, number>();
  for (const [entry, brought] of [...line.entries()].reverse()) {
    const open = [...(byCommit.get(brought)?.parents.slice(1) ?? [])];
    for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
      if (index.has(commit) || entries.has(commit)) continue;
      entries.set(commit, entry);
      open.push(...(byCommit.get(commit)?.parents ?? []));
    }
  }
  return entries;
}
