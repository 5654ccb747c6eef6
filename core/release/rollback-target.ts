import type { CommitPage } from '#core/git/read.ts';
import { releaseKey } from '#core/release/believe.ts';
import { findEnvironment, refuseUnknownImage } from '#core/release/environments.ts';
import type { BranchHistory } from '#core/release/history.ts';
import type { Builds } from '#core/release/intent.ts';
import type { StatePorts } from '#core/release/read-state.ts';
import { keyOf, type Landing, listSteps, type ReleaseSet, type Timeline, traceSets } from '#core/release/sets.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** How a person names the way back. */
export interface Way {
  readonly environment: string;
  /** Undefined for the whole set. */
  readonly image: string | undefined;
  /** How many sets back, or the source, the release's commit or the digest to go to. */
  readonly to: { readonly steps: number } | { readonly name: string };
}

/** A set that the environment can go back to, as a person reads it. */
export interface Candidate extends ReleaseSet {
  /** How many steps back it is. */
  readonly steps: number;
  /** Of the commit that landed it. */
  readonly landed: CommitPage;
  /** Of the newest source in it. */
  readonly source: CommitPage | undefined;
}

/** What a rollback is to land, and what the person saw when it was asked for. */
export interface RollbackTarget {
  readonly set: ReleaseSet;
  readonly builds: Builds;
  /** The digests at the commit on which the rollback was asked for. */
  readonly seen: ReadonlyMap<string, Digest>;
  /** The nearest sets that could be landed again, nearest first. */
  readonly candidates: readonly Candidate[];
}

const MOST_CANDIDATES = 10;
/** How many releases of an image are read at first; more only where the way back is longer. */
const FIRST_RELEASES = 32;

/** Finds what to land again, counted from `anchor`: the commit that the person saw, whatever has landed since. */
export async function findTarget(
  way: Way,
  anchor: CommitSha,
  head: CommitSha,
  ports: StatePorts,
): Promise<RollbackTarget> {
  const config = await ports.readConfig(head);
  const { name, overlay } = findEnvironment(config, way.environment);
  if (way.image !== undefined) refuseUnknownImage(config, 'image', way.image);
  const images = way.image === undefined ? [...config.images.keys()] : [way.image];
  const branch = await ports.history.at(head);
  if (!(await branch.line.contains(anchor))) {
    throw new Refusal(`${anchor} is not on the branch: start the rollback on the branch that Argo CD follows`);
  }
  const at = await ports.history.at(anchor);
  const [digests] = await at.past.readDigests([{ commit: anchor, overlay }]);
  const seen = new Map([...(digests ?? [])].filter(([image]) => images.includes(image)));
  for (let count = FIRST_RELEASES; ; count *= 8) {
    const { landings, isWhole } = await readLandings(at, { environment: name, overlay }, images, count);
    const timeline = traceSets(landings);
    const steps = listSteps(timeline, seen);
    const set = 'steps' in way.to ? steps[way.to.steps - 1] : findNamed(timeline, way.to.name);
    if (set === undefined && !isWhole) continue;
    const candidates = await describeAll(steps.slice(0, MOST_CANDIDATES), at);
    if (set === undefined || set === 'ambiguous') throw refuseUnknown(way, set, candidates);
    return { set, builds: set.builds, seen, candidates };
  }
}

/** Returns the environment's landings, oldest first, with the newest `count` releases of each image. */
async function readLandings(
  branch: BranchHistory,
  place: { readonly environment: string; readonly overlay: string },
  images: readonly string[],
  count: number,
): Promise<{ landings: Landing[]; isWhole: boolean }> {
  const found = await branch.findReleases({ places: [place], images, count });
  const lists = images.map((image) => found.get(releaseKey(place.environment, image)) ?? []);
  const releases = lists.flat();
  const depths = new Map<CommitSha, number>();
  for (const { commit } of releases) depths.set(commit, await branch.line.findEntry(commit));
  const commits = [...depths].sort(([, one], [, other]) => other - one).map(([commit]) => commit);
  const landings = commits.map((commit) => ({ commit, releases: releases.filter((one) => one.commit === commit) }));
  return { landings, isWhole: lists.every((list) => list.length < count) };
}

/** A digest, a release's commit or a source, each whole or by its first digits. */
function findNamed({ all }: Timeline, name: string): ReleaseSet | 'ambiguous' | undefined {
  const text = name.toLowerCase();
  const matches = all.filter(
    ({ commit, brought }) =>
      commit.startsWith(text) || brought.some(({ digest, source }) => digest === text || source.startsWith(text)),
  );
  const exact = matches.filter(({ commit }) => commit.startsWith(text));
  const chosen = exact.length > 0 ? exact : matches;
  const newest = chosen.at(-1);
  if (newest === undefined || new Set(chosen.map(keyOf)).size === 1) return newest;
  return 'ambiguous';
}

async function describeAll(sets: readonly ReleaseSet[], { line }: BranchHistory): Promise<Candidate[]> {
  return Promise.all(
    sets.map(async (set, index) => {
      const sources = [...new Set([...set.builds.values()].map(({ source }) => source))];
      const depths = await Promise.all(sources.map((source) => line.findEntry(source)));
      const newest = sources[depths.indexOf(Math.min(...depths))];
      const source = newest !== undefined && (await line.contains(newest)) ? await line.describe(newest) : undefined;
      return { ...set, steps: index + 1, landed: await line.describe(set.commit), source };
    }),
  );
}

function refuseUnknown(way: Way, why: 'ambiguous' | undefined, candidates: readonly Candidate[]): Error {
  const scope = way.image === undefined ? way.environment : `${way.environment}/${way.image}`;
  const list = describeCandidates(candidates);
  if ('steps' in way.to) {
    const words =
      candidates.length === 0
        ? `${scope} has nothing to go back to`
        : `${scope} can go back ${candidates.length} steps at most`;
    return new Refusal(`steps: ${words}${list}`);
  }
  const words =
    why === 'ambiguous' ? `is in several sets that ran in ${scope}; name one by its commit` : `never ran in ${scope}`;
  return new InputError('to', way.to.name, `${words}${list}`);
}

/** Returns the candidates as lines behind a sentence, for an error message. */
export function describeCandidates(candidates: readonly Candidate[]): string {
  if (candidates.length === 0) return '';
  const lines = candidates.map(({ steps, commit, landed, source, actor, builds }) => {
    const digests = [...builds].map(([image, { digest }]) => `${image} ${digest.slice(0, 19)}`);
    return `  steps ${steps}  ${commit.slice(0, 7)}  ${landed.date.toISOString().slice(0, 16)}Z  ${actor}  ${digests.join(', ')}  ${source?.subject ?? ''}`;
  });
  return [`; it can go back to:`, ...lines].join('\n');
}
