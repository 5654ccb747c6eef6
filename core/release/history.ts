import type { Git } from '#core/git/repository.ts';
import type { ImageNames } from '#core/overlay/names.ts';
import { believe, type Change, type Claim, releaseKey } from '#core/release/believe.ts';
import { findIntent, type LandedIntent } from '#core/release/landed.ts';
import { type FetchedDepth, type Line, openLine } from '#core/release/line.ts';
import { type DigestsAt, openPast, type Past, type ReleasePlace } from '#core/release/past.ts';
import { type Recall, withRecalled } from '#core/release/recall.ts';
import { type LandedRelease, parseReleases, type Release } from '#core/release/trailer.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What is looked for: the newest `count` releases of each image in each environment, or the newest `total` of them all. */
export interface ReleaseQuery {
  readonly places: readonly ReleasePlace[];
  readonly images: readonly string[];
  readonly count: number;
  /** Enough are found when there are so many in all, whatever `count` says. */
  readonly total?: number;
}

/** The branch below one head, and the releases that it really made. */
export interface BranchHistory {
  readonly line: Line;
  readonly past: Past;
  /**
   * Returns the releases of each `<environment>/<image>`, newest first. A trailer is believed only where the tree
   * agrees: its commit changes that overlay from `from` to `to`, on the branch's first-parent line or on a side that a
   * merge brought, where the merge itself changes the overlay to what the side says. Anyone can write a trailer into a
   * message; no one can make the tree say it unseen.
   */
  findReleases(query: ReleaseQuery): Promise<ReadonlyMap<string, readonly LandedRelease[]>>;
  /** Returns what landed an intent, if a commit below the head did: where the tree agrees with what its trailers say. */
  findIntent(intent: string, places: readonly ReleasePlace[]): Promise<LandedIntent | undefined>;
}

/** Opens branches at their heads; what is fetched for one head is there for the next. */
export interface History {
  /**
   * `named` is the head whose slipway.yaml says how images are called, where that is another one: its tree is here.
   * Where more than `count` commits will be asked for, they are fetched at once.
   */
  at(head: CommitSha, named?: CommitSha, count?: number): Promise<BranchHistory>;
  /** Returns what `head` itself landed of an intent: without the history below it. */
  findLandedBy(head: CommitSha, intent: string, places: readonly ReleasePlace[]): Promise<LandedIntent | undefined>;
  /** False when the remote does not have the commit. */
  exists(commit: CommitSha): Promise<boolean>;
}

/** The repositories that a history is read from. */
export interface HistoryPorts {
  /** The branch's head with its whole tree. */
  readonly git: Git;
  /** An empty repository for commits alone. */
  readonly commits: Git;
  /** An empty repository for trees of past commits. */
  readonly past: Git;
  /** Reads how slipway.yaml at a head calls the images. */
  readonly readNames: (head: CommitSha) => Promise<ImageNames>;
  /** Returns the pull requests whose squash may have lost what they say. */
  readonly recall?: Recall | undefined;
  readonly log: Log;
}

/** Opens a history; it fetches only what a question needs. */
export function createHistory(ports: HistoryPorts): History {
  const anyPast = openPast(ports.past, ports.git);
  const pastOf = async (head: CommitSha): Promise<Past> => anyPast.named(withKeys(await ports.readNames(head)));
  const depth: FetchedDepth = { step: 0 };
  let last: { head: CommitSha; opened: Promise<BranchHistory> } | undefined;
  const open = async (head: CommitSha, named: CommitSha, count: number): Promise<BranchHistory> => {
    const past = await pastOf(named);
    const merged = (await ports.recall?.(named)) ?? [];
    const line = withRecalled(await openLine(ports.commits, head, depth, count), merged, ports.past);
    return {
      line,
      past,
      findReleases: (query) => findReleases(query, line, past, ports),
      findIntent: async (intent, places) => findIntent(intent, await line.claims(), places, past),
    };
  };
  return {
    at: (head, named = head, count = 0) => {
      if (last?.head === head) return last.opened;
      const opened = open(head, named, count);
      last = { head, opened };
      opened.catch(() => (last = undefined)); // the next question asks again
      return opened;
    },
    findLandedBy: async (head, intent, places) =>
      findIntent(intent, [{ commit: head, ...(await ports.git.readCommit(head)) }], places, await pastOf(head)),
    exists: (commit) =>
      ports.commits.fetch({ refspecs: [`${commit}:refs/slipway/sources/${commit}`], depth: 1, filter: 'tree:0' }),
  };
}

/** Before an image got names of its own, overlays called it by its key. */
function withKeys(names: ImageNames): ImageNames {
  return new Map([...names].map(([image, own]) => [image, [...new Set([...own, image])]]));
}

/** Claims are judged in growing portions: mostly the first one holds, and a flood of forged ones costs few requests. */
const PORTIONS = [4, 32, 256, 2_048, 16_384] as const;

async function findReleases(
  query: ReleaseQuery,
  line: Line,
  past: Past,
  ports: { commits: Git; log: Log },
): Promise<ReadonlyMap<string, readonly LandedRelease[]>> {
  for (;;) {
    const search = await searchFetched(query, line, past, ports.commits);
    const isDone = search.isWhole || (search.isSatisfied && (await hasAllSides(line, search.oldest, ports.commits)));
    if (isDone || !(await line.deepen())) {
      reportIgnored(search.ignored, ports.log);
      return search.found;
    }
  }
}

interface Search {
  readonly found: ReadonlyMap<string, readonly LandedRelease[]>;
  readonly isSatisfied: boolean;
  readonly isWhole: boolean;
  /** Index on the line of the oldest commit that was judged. */
  readonly oldest: number;
  readonly ignored: readonly CommitSha[];
}

async function searchFetched(query: ReleaseQuery, line: Line, past: Past, commits: Git): Promise<Search> {
  const isWhole = !commits.isShallow();
  const overlays = new Map(query.places.map(({ environment, overlay }) => [environment, overlay]));
  const wanted = new Set(
    query.places.flatMap(({ environment }) => query.images.map((image) => releaseKey(environment, image))),
  );
  const found = new Map<string, LandedRelease[]>([...wanted].map((key) => [key, []]));
  const groups = groupByEntry(await readClaims(line, wanted));
  const ignored: CommitSha[] = [];
  const isSatisfied = () =>
    isEnough(
      query,
      [...found.values()].map(({ length }) => length),
    );
  const sizes = [...PORTIONS.filter((size) => size > (query.total ?? 0)), ...PORTIONS.slice(-1)];
  let oldest = 0;
  for (let start = 0, portion = 0; start < groups.length && !isSatisfied(); portion++) {
    const size = sizes[Math.min(portion, sizes.length - 1)] ?? 1;
    const judged = await judge(groups.slice(start, start + size), line, past, overlays);
    for (const { entry, believed, doubted } of judged) {
      if (isSatisfied()) break;
      oldest = entry;
      ignored.push(...doubted);
      for (const release of believed) found.get(releaseKey(release.environment, release.image))?.push(release);
    }
    start += size;
  }
  return { found: cut(found, query.count), isSatisfied: isSatisfied(), isWhole, oldest, ignored };
}

function isEnough({ count, total }: ReleaseQuery, found: readonly number[]): boolean {
  if (total !== undefined) return found.reduce((sum, one) => sum + one, 0) >= total;
  return found.every((one) => one >= count);
}

function cut(
  found: ReadonlyMap<string, LandedRelease[]>,
  count: number,
): ReadonlyMap<string, readonly LandedRelease[]> {
  return new Map([...found].map(([key, releases]) => [key, releases.slice(0, count)]));
}

/** Returns the commits that claim a wanted release, newest first. */
async function readClaims(line: Line, wanted: ReadonlySet<string>): Promise<Claim[]> {
  const claimed = await line.claims();
  const entries = await line.findEntries(claimed.map(({ commit }) => commit));
  return claimed.flatMap(({ commit, parents, message }, index): Claim[] => {
    const isWanted = ({ environment, image }: Release): boolean => wanted.has(releaseKey(environment, image));
    const releases = parseReleases(message).filter(isWanted);
    return releases.length === 0 ? [] : [{ commit, parent: parents[0], releases, entry: entries[index] ?? 0 }];
  });
}

function groupByEntry(claims: readonly Claim[]): Claim[][] {
  const groups = new Map<number, Claim[]>();
  for (const claim of claims) groups.set(claim.entry, [...(groups.get(claim.entry) ?? []), claim]);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

interface Judged {
  readonly entry: number;
  readonly believed: readonly LandedRelease[];
  readonly doubted: readonly CommitSha[];
}

async function judge(
  groups: readonly (readonly Claim[])[],
  line: Line,
  past: Past,
  overlays: ReadonlyMap<string, string>,
): Promise<Judged[]> {
  const commits = await line.commits();
  const landings = groups.map((group) => {
    const entry = group[0]?.entry ?? 0;
    return { group, entry, commit: commits[entry], parent: commits[entry + 1] };
  });
  const wanted = listCompared(landings, overlays);
  const onLine = new Set(commits);
  const sources = groups.flat().flatMap(({ releases }) => releases.map(({ source }) => source));
  // in one request with the claims' own trees; a forged source may not exist, and would fail it
  const also = sources.filter((one) => onLine.has(one));
  const changeOf = compareBy(await past.readDigests(wanted, { treeOf: await line.trees(), also }), overlays);
  return landings.map(({ group, entry, commit, parent }) => {
    const believed = believe(group, changeOf(commit, parent), (claim) => changeOf(claim.commit, claim.parent));
    const count = (claim: Claim) => believed.filter((release) => release.commit === claim.commit).length;
    const doubted = group.filter((claim) => count(claim) < claim.releases.length).map((claim) => claim.commit);
    return { entry, believed, doubted };
  });
}

interface Landing {
  readonly group: readonly Claim[];
  readonly commit: CommitSha | undefined;
  readonly parent: CommitSha | undefined;
}

/** Returns the commits at which each overlay is looked at: those with a claim and those of the line, before and after. */
function listCompared(
  landings: readonly Landing[],
  overlays: ReadonlyMap<string, string>,
): ReadonlyMap<string, ReadonlySet<CommitSha>> {
  const wanted = new Map([...overlays.values()].map((overlay) => [overlay, new Set<CommitSha>()]));
  for (const { group, commit, parent } of landings)
    for (const claim of group)
      for (const { environment } of claim.releases)
        for (const one of [commit, parent, claim.commit, claim.parent])
          if (one !== undefined) wanted.get(overlays.get(environment) ?? '')?.add(one);
  return wanted;
}

type ChangeOf = (
  commit: CommitSha | undefined,
  parent: CommitSha | undefined,
) => (environment: string) => Change | undefined;

function compareBy(digestsAt: DigestsAt, overlays: ReadonlyMap<string, string>): ChangeOf {
  return (commit, parent) => (environment) => {
    const overlay = overlays.get(environment) ?? '';
    const after = commit === undefined ? undefined : digestsAt(overlay, commit);
    // a root commit comes from nothing
    const before = parent === undefined ? new Map() : digestsAt(overlay, parent);
    return before === undefined || after === undefined ? undefined : { before, after };
  };
}

/**
 * True when no side that a merge brought since the line's commit at `oldest`, with it, is cut off: it might hold releases.
 * A side that reaches a root is cut off as well: an older merge, below what is fetched, may have brought it.
 */
async function hasAllSides(line: Line, oldest: number, commits: Git): Promise<boolean> {
  if (!commits.isShallow()) return true;
  const base = (await line.commits())[oldest + 1];
  return base !== undefined && (await commits.listBetween(base, line.head, await line.bottoms())).length === 0;
}

function reportIgnored(ignored: readonly CommitSha[], log: Log): void {
  if (ignored.length === 0) return;
  const shown = ignored.slice(0, 5).map((commit) => commit.slice(0, 7));
  const more = ignored.length > shown.length ? ` and ${ignored.length - shown.length} more` : '';
  log.info(
    `Ignored ${ignored.length} ${ignored.length === 1 ? 'commit' : 'commits'} with a Slipway-Release trailer that the tree does not agree with: ${shown.join(', ')}${more}`,
  );
}
