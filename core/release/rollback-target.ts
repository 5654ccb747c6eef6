import type { EnvironmentConfig } from '#core/config/config.ts';
import { type CommitPage, readTime } from '#core/git/read.ts';
import { releaseKey } from '#core/release/believe.ts';
import { findEnvironment, refuseUnknownImage } from '#core/release/environments.ts';
import type { BranchHistory } from '#core/release/history.ts';
import type { Builds } from '#core/release/intent.ts';
import {
  describeVerdict,
  dropUnseen,
  findSeenRunning,
  openProof,
  type Proof,
  type VerdictPorts,
} from '#core/release/proven-sets.ts';
import type { StatePorts } from '#core/release/read-state.ts';
import { adviseRelease } from '#core/release/rules.ts';
import { keyOf, type Landing, listSteps, type ReleaseSet, type Timeline, traceSets } from '#core/release/sets.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import type { Verdict } from '#core/verdict/proven.ts';

/** How a person names the way back. */
export interface Way {
  readonly environment: string;
  /** Undefined for the whole set. */
  readonly image: string | undefined;
  /** How many sets back; the source, the release's commit or the digest to go to; or the nearest set that was seen running. */
  readonly to: { readonly steps: number } | { readonly name: string } | { readonly seen: 'running' };
}

/** A set that the environment can go back to, as a person reads it. */
export interface Candidate extends ReleaseSet {
  /** How many steps back it is. */
  readonly steps: number;
  /** Of the commit that landed it. */
  readonly landed: CommitPage;
  /** Of the newest source in it. */
  readonly source: CommitPage | undefined;
  /** What was proven of it, where that was asked. */
  readonly verdict?: Verdict | undefined;
}

/** What a rollback is to land, and what the person saw when it was asked for. */
export interface RollbackTarget {
  readonly set: ReleaseSet;
  readonly builds: Builds;
  readonly deploys: EnvironmentConfig['deploys'];
  /** The digests at the commit on which the rollback was asked for. */
  readonly seen: ReadonlyMap<string, Digest>;
  /** The nearest sets that could be landed again, nearest first. */
  readonly candidates: readonly Candidate[];
  /** What was proven of the set when it ran; undefined where that is not known. */
  readonly verdict: Verdict | undefined;
}

const MOST_CANDIDATES = 10;
/** So many of the nearest sets are looked at: ten are offered, and those that never ran do not count. */
const MOST_STEPS = 40;
/** How many releases of an image are read at first; more only where the way back is longer. */
const FIRST_RELEASES = 32;

/** What finding a target needs from the world. */
type TargetPorts = StatePorts & VerdictPorts;

/** Finds what to land again, counted from `anchor`: the commit that the person saw, whatever has landed since. */
export async function findTarget(
  way: Way,
  anchor: CommitSha,
  head: CommitSha,
  ports: TargetPorts,
): Promise<RollbackTarget> {
  const config = await ports.readConfig(head);
  const { name, overlay, deploys } = findEnvironment(config, way.environment);
  if (way.image !== undefined) refuseUnknownImage(config, 'image', way.image);
  const images = way.image === undefined ? [...config.images.keys()] : [way.image];
  const branch = await ports.history.at(head);
  if (!(await branch.line.contains(anchor))) {
    throw new Refusal(`${anchor} is not on the branch: start the rollback on the branch that Argo CD follows`);
  }
  const at = await ports.history.at(anchor, head);
  const seen = await readSeen(at, overlay, anchor, images);
  const proof = openProof(ports);
  for (let count = FIRST_RELEASES; ; count *= 8) {
    const { landings, isWhole } = await readLandings(at, { environment: name, overlay }, images, count);
    const timeline = traceSets(landings);
    const steps = await dropUnseen(listSteps(timeline, seen).slice(0, MOST_STEPS), proof);
    const set = await choose(way, timeline, steps, proof);
    const isNear = 'seen' in way.to; // what was seen running is among the nearest, or a person looks
    if (set === undefined && !isWhole && !isNear) continue;
    const candidates = await describeAll(steps.slice(0, MOST_CANDIDATES), at);
    if (set === undefined || set === 'ambiguous') {
      const context = { anchor, timeline, now: ports.clock.now(), silence: proof.silence() };
      throw refuseUnknown(way, set, await judgeAll(candidates, proof), context);
    }
    const verdict = await proof.ofSet(set);
    const target = { set, builds: set.builds, deploys, seen, candidates, verdict };
    if ('steps' in way.to && verdict?.word === 'failed')
      throw refuseFailed(way.to.steps, target, verdict, await judgeAll(candidates, proof), ports.clock.now());
    return target;
  }
}

async function readSeen(
  { past }: BranchHistory,
  overlay: string,
  anchor: CommitSha,
  images: readonly string[],
): Promise<ReadonlyMap<string, Digest>> {
  const digests = (await past.readDigests(new Map([[overlay, [anchor]]])))(overlay, anchor);
  return new Map(
    images.flatMap((image): [string, Digest][] => {
      const digest = digests?.get(image);
      return digest === undefined ? [] : [[image, digest]];
    }),
  );
}

async function choose(
  { to }: Way,
  timeline: Timeline,
  steps: readonly ReleaseSet[],
  proof: Proof,
): Promise<ReleaseSet | 'ambiguous' | undefined> {
  if ('steps' in to) return steps[to.steps - 1];
  return 'name' in to ? findNamed(timeline, to.name) : findSeenRunning(steps.slice(0, MOST_CANDIDATES), proof);
}

/** Returns the environment's landings, oldest first, with the newest `count` releases of each image. */
export async function readLandings(
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
  const times = new Map((await branch.line.find(commits)).map((one) => [one.commit, readTime(one)]));
  const landings = commits.map((commit) => ({
    commit,
    releases: releases.filter((one) => one.commit === commit),
    at: times.get(commit),
  }));
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

/** What is said where a target is not found: what was seen at the anchor, and what can be done instead. */
function refuseUnknown(
  way: Way,
  why: 'ambiguous' | undefined,
  candidates: readonly Candidate[],
  { anchor, timeline, now, silence }: { anchor: CommitSha; timeline: Timeline; now: Date; silence: string | undefined },
): Error {
  const scope = way.image === undefined ? way.environment : `${way.environment}/${way.image}`;
  const list = describeCandidates(candidates, now) || adviseWithout(timeline, way.environment);
  if ('steps' in way.to) {
    const words =
      candidates.length === 0
        ? `${scope} has nothing to go back to`
        : `${scope} can go back ${candidates.length} steps at most`;
    return new Refusal(`steps: ${words}${list}`);
  }
  if ('seen' in way.to) {
    const known =
      silence === undefined
        ? `no set of ${scope} before this one was seen running`
        : `which sets of ${scope} were seen running is not known (${silence})`;
    return new Refusal(`to: ${known}${candidates.length === 0 ? '' : ': give steps, or to a commit'}${list}`);
  }
  const words =
    why === 'ambiguous'
      ? `is in several sets that ran in ${scope}; name one by its commit`
      : `never ran in ${scope} up to ${anchor.slice(0, 7)}`;
  return new InputError('to', way.to.name, `${words}${list}`);
}

/** Where a rollback left sets behind, the way on is forward; else git alone takes back what nothing ran before. */
function adviseWithout({ all, sets }: Timeline, environment: string): string {
  const newest = all.at(-1);
  if (newest === undefined) return '; no release of it was landed by this pipeline yet: deploy first';
  return sets.length === all.length
    ? `; nothing ran before its first release: to take that back, git revert ${newest.commit.slice(0, 7)} and push`
    : `; it is at its oldest release: to go forward, release it (${adviseRelease(environment)})`;
}

/** A number of steps that leads to what failed was not meant: the person may still name that very set. */
function refuseFailed(
  steps: number,
  { set }: RollbackTarget,
  verdict: Verdict,
  candidates: readonly Candidate[],
  now: Date,
): Refusal {
  const proven = candidates.find((one) => one.verdict?.word === 'running');
  const back = steps === 1 ? '1 step back is' : `${steps} steps back is`;
  const offer =
    proven === undefined
      ? ''
      : `; the last set that was seen running is ${proven.commit.slice(0, 7)}, ${proven.steps} steps back: give to: proven`;
  return new Refusal(
    `steps: ${back} ${set.commit.slice(0, 7)}, which did not run (${describeVerdict(verdict)}); nothing was written${offer}; to land it all the same, name it (to: ${set.commit.slice(0, 7)})${describeCandidates(candidates, now)}`,
  );
}

/** Returns the candidates with what was proven of each. */
function judgeAll(candidates: readonly Candidate[], proof: Proof): Promise<readonly Candidate[]> {
  return Promise.all(candidates.map(async (one) => ({ ...one, verdict: await proof.ofSet(one) })));
}

/** Returns the candidates as a table behind a sentence, for an error message: none where there is none. */
export function describeCandidates(candidates: readonly Candidate[], now: Date): string {
  if (candidates.length === 0) return '';
  const isJudged = candidates.some(({ verdict }) => verdict !== undefined && verdict.word !== 'none');
  const rows = candidates.map(({ steps, commit, landed, source, actor, builds, verdict }) => [
    String(steps),
    commit.slice(0, 7),
    describeAge(landed.date, now),
    actor,
    ...(isJudged ? [verdict?.word ?? ''] : []),
    [...builds].map(([image, { digest }]) => `${image} ${digest.slice(0, 19)}`).join(', '),
    source?.subject ?? '',
  ]);
  const head = ['steps', 'commit', 'age', 'by', ...(isJudged ? ['verdict'] : []), 'digests', 'source'];
  const table = [head, ...rows];
  const widths = head.map((_name, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '));
  return ['; it can go back to:', ...lines.map((line) => `  ${line.trimEnd()}`)].join('\n');
}

function describeAge(then: Date, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - then.getTime()) / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}
