import type { CommitPage } from '#core/git/read.ts';
import { findEnvironment, refuseUnknownImage } from '#core/release/environments.ts';
import type { BranchHistory } from '#core/release/history.ts';
import { glanceAt, openTip } from '#core/release/open-intents.ts';
import { openProof, type VerdictPorts } from '#core/release/proven-sets.ts';
import type { StatePorts } from '#core/release/read-state.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { Verdict } from '#core/verdict/proven.ts';

/** Which releases a person asks for. */
export interface ReleaseListing {
  /** Undefined for all of slipway.yaml. */
  readonly environment: string | undefined;
  /** Undefined for all of slipway.yaml. */
  readonly image: string | undefined;
  /** How many at most, the newest. */
  readonly limit: number;
  readonly branch: string;
}

/** A believed release as a person reads it. */
export interface ListedRelease extends LandedRelease {
  /** Of the commit that landed it. */
  readonly landed: CommitPage;
  /** Of its source; undefined where the branch does not have it. */
  readonly origin: CommitPage | undefined;
  /** What is proven of it; undefined where it was not asked. */
  readonly verdict?: Verdict | undefined;
}

/** The newest releases are asked about, this many at most: each costs GitHub's API a request or two. */
const MOST_JUDGED = 50;

/** Returns the newest believed releases, newest first. */
export async function listReleases(
  { environment, image, limit, branch: name }: ReleaseListing,
  ports: StatePorts & VerdictPorts,
): Promise<ListedRelease[]> {
  const { head } = await openTip(await glanceAt(name, ports), undefined, name, ports);
  const [config, branch] = await bothOf(ports.readConfig(head), ports.history.at(head, head, limit));
  const environments =
    environment === undefined ? [...config.environments.values()] : [findEnvironment(config, environment)];
  if (image !== undefined) refuseUnknownImage(config, 'image', image);
  const places = environments.map((one) => ({ environment: one.name, overlay: one.overlay }));
  const images = image === undefined ? [...config.images.keys()] : [image];
  const found = await branch.findReleases({ places, images, count: limit, total: limit });
  const releases = await sortNewestFirst([...found.values()].flat(), branch);
  const described = await describeReleases(releases.slice(0, limit), branch);
  if (ports.verdicts === undefined) return described;
  const proof = openProof(ports);
  const verdicts = await Promise.all(described.slice(0, MOST_JUDGED).map((release) => proof.of(release)));
  // half an answer would look like a whole one
  if (proof.silence() !== undefined) return described;
  return described.map((release, index) => ({ ...release, verdict: verdicts[index] }));
}

/** Waits for two things at once; a fault is told when both have ended, so that nothing runs on behind it. */
async function bothOf<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

/** By the line's commit that has or brought it, then as git lists what one merge brought. */
async function sortNewestFirst(releases: readonly LandedRelease[], { line }: BranchHistory): Promise<LandedRelease[]> {
  const order = new Map((await line.claims()).map(({ commit }, index) => [commit, index]));
  const entries = await line.findEntries(releases.map(({ commit }) => commit));
  const placed = releases.map((release, at) => {
    return { release, entry: entries[at] ?? 0, index: order.get(release.commit) ?? 0 };
  });
  placed.sort((one, other) => one.entry - other.entry || one.index - other.index);
  return placed.map(({ release }) => release);
}

async function describeReleases(releases: readonly LandedRelease[], { line }: BranchHistory): Promise<ListedRelease[]> {
  const wanted = releases.flatMap(({ commit, source }) => [commit, source]);
  const first = await line.describeAll(wanted);
  const isWhole = wanted.every((commit) => first.has(commit)) || !(await line.deepen());
  const pages = isWhole ? first : await line.describeAll(wanted);
  return releases.flatMap((release) => {
    const landed = pages.get(release.commit);
    return landed === undefined ? [] : [{ ...release, landed, origin: pages.get(release.source) }];
  });
}
