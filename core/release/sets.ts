import type { Build } from '#core/release/intent.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** The believed releases of one commit in one environment. */
export interface Landing {
  readonly commit: CommitSha;
  readonly releases: readonly LandedRelease[];
  /** When the commit was made; undefined where that is not known. */
  readonly at?: Date | undefined;
}

/** One time that a set was landed: what brought it, and for how long it was what the environment should run. */
export interface SetRun {
  readonly releases: readonly LandedRelease[];
  readonly from: Date | undefined;
  /** When the next landing came; undefined for the newest one. */
  readonly until: Date | undefined;
}

/** Images of one environment that ran together, and the commit that brought them together. */
export interface ReleaseSet {
  readonly commit: CommitSha;
  readonly actor: string;
  readonly run: string;
  readonly builds: ReadonlyMap<string, Build>;
  /** Those of the builds that its own commit landed. */
  readonly brought: readonly Build[];
  /** Each time that it was landed, oldest first: a rollback lands a set again. */
  readonly runs: readonly SetRun[];
}

/** What an environment ran, as a browser keeps pages: `sets[at]` runs now, those before it are one step back each. */
export interface Timeline {
  /** Oldest first; what was rolled back is no longer in it. */
  readonly sets: readonly ReleaseSet[];
  /** Every set that any release made, oldest first: where a named target is looked up. */
  readonly all: readonly ReleaseSet[];
}

/**
 * Returns what ran together, from the landings, oldest first. A rollback leads back to the set that it landed again, so
 * that what it took back is behind no step any more: after A, B, C, D and a rollback to B, one step back is A, and after
 * the next release E, one step back is B. One commit may roll an image back and release another: first it leads back.
 */
export function traceSets(landings: readonly Landing[]): Timeline {
  const sets: MutableSet[] = [];
  const all: ReleaseSet[] = [];
  for (const [index, { commit, releases, at }] of landings.entries()) {
    const [first] = releases;
    if (first === undefined) continue;
    const builds = new Map(sets.at(-1)?.builds);
    for (const { image, to, source } of releases) builds.set(image, { digest: to, source });
    const brought = releases.map(({ to, source }) => ({ digest: to, source }));
    const run: SetRun = { releases, from: at, until: landings[index + 1]?.at };
    const set = { commit, actor: first.actor, run: first.run, builds, brought, runs: [run] };
    all.push(set);
    const back = releases.filter(({ kind }) => kind === 'rollback');
    if (back.length > 0) sets.length = findWayBack(sets, set, back);
    const newest = sets.at(-1);
    if (newest !== undefined && isSame(newest, set)) newest.runs.push(run);
    else sets.push({ ...set, runs: [run] });
  }
  return { sets, all };
}

interface MutableSet extends ReleaseSet {
  readonly runs: SetRun[];
}

/** A set that was replaced sooner than this may never have run. In milliseconds. */
const BRIEF_MS = 60_000;

/** True for a set that the next landing replaced within a minute, each time that it was landed. */
export function isBrief({ runs }: ReleaseSet): boolean {
  return runs.every(
    ({ from, until }) => from !== undefined && until !== undefined && until.getTime() - from.getTime() < BRIEF_MS,
  );
}

/**
 * Returns how many sets are left behind a rollback: up to the newest equal one. A mixture that never ran goes on from
 * the newest set that had the images where they were brought back to, since those after it have what was taken back.
 * Where no set had them, at least the one that the rollback left is gone.
 */
function findWayBack(sets: readonly ReleaseSet[], to: ReleaseSet, back: readonly LandedRelease[]): number {
  const equal = sets.findLastIndex((set) => isSame(set, to));
  if (equal !== -1) return equal + 1;
  const hasAll = ({ builds }: ReleaseSet): boolean =>
    back.every((release) => builds.get(release.image)?.digest === release.to);
  const found = sets.findLastIndex(hasAll);
  return found === -1 ? Math.max(0, sets.length - 1) : found + 1;
}

/**
 * Returns the sets that `current` can go back to, the nearest first: distinct ones that would change something. A state
 * that a hand made counts from the set that it equals; where it equals none, the newest set is one step back.
 */
export function listSteps({ sets }: Timeline, current: ReadonlyMap<string, Digest>): ReleaseSet[] {
  const equal = sets.findLastIndex((set) => !isChange(set, current));
  const before = equal === -1 ? sets : sets.slice(0, equal);
  const seen = new Set<string>();
  return [...before].reverse().filter((set) => {
    const key = keyOf(set);
    const isNew = isChange(set, current) && !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** True when landing the set would change what is there. */
function isChange({ builds }: ReleaseSet, current: ReadonlyMap<string, Digest>): boolean {
  return [...builds].some(([image, { digest }]) => current.get(image) !== digest);
}

function isSame(one: ReleaseSet | undefined, other: ReleaseSet): boolean {
  return one !== undefined && keyOf(one) === keyOf(other);
}

/** Returns what two equal sets have in common. */
export function keyOf({ builds }: ReleaseSet): string {
  return [...builds]
    .map(([image, { digest }]) => `${image}=${digest}`)
    .sort()
    .join(' ');
}
