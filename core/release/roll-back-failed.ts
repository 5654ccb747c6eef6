import type { EnvironmentConfig } from '#core/config/config.ts';
import { readTime } from '#core/git/read.ts';
import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import { deliver } from '#core/release/deliver.ts';
import { findEnvironment } from '#core/release/environments.ts';
import type { BranchHistory } from '#core/release/history.ts';
import type { FailedRelease, RollbackIntent } from '#core/release/intent.ts';
import type { LandResult } from '#core/release/land.ts';
import { readTip } from '#core/release/open-intents.ts';
import { describeVerdict, findSeenRunning, openProof, type Proof } from '#core/release/proven-sets.ts';
import { checkTarget, openCheck } from '#core/release/roll-back.ts';
import { readLandings } from '#core/release/rollback-target.ts';
import { type Landing, listSteps, type ReleaseSet, traceSets } from '#core/release/sets.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import type { Verdict } from '#core/verdict/proven.ts';

/** A release that failed, and is to be taken back without a person. */
export interface FailedRequest {
  readonly environment: string;
  /** The release's commit. */
  readonly of: CommitSha;
  readonly branch: string;
}

/** What became of a failed release. */
export interface FailedResult extends LandResult {
  readonly of: CommitSha;
  readonly deploys: EnvironmentConfig['deploys'];
  /** The set that was landed again; undefined where none was looked for. */
  readonly set: ReleaseSet | undefined;
  /** What is proven of the failed release. */
  readonly verdict: Verdict | undefined;
  /** Why nothing was written, where that was decided before anything was published. */
  readonly left: string | undefined;
}

/** Longer after its landing than this, a person may be at work on it already. In milliseconds. */
export const GOES_BACK_WITHIN_MS = 20 * 60_000;
/** Why a release is left to a person who has to choose the set. */
export const NONE_RAN = 'no set before it was seen running';
/** How many releases of each image are read: what was seen running is close, or a person looks. */
const MOST_RELEASES = 64;
/** How many sets are asked about. */
const MOST_STEPS = 10;

/** A release that is not taken back, and why. */
interface Left {
  readonly left: string;
  readonly verdict?: Verdict;
}

/** A release that is to be taken back, to what, and what must still be so then. */
interface Found {
  readonly set: ReleaseSet;
  readonly verdict: Verdict;
  readonly failed: FailedRelease;
}

/**
 * Takes a failed release back without a person, where slipway.yaml says `on-failure: rollback`: to the newest set before
 * it that was seen running, with its hold, in one commit. Only the newest release of the environment, only once, not one
 * that is a rollback itself, and not later than 20 minutes after it landed. Where anything moved meanwhile, a release, a
 * hold or a hand, nothing is written: that is decided again where it lands.
 */
export async function rollBackFailed(request: FailedRequest, ports: AskPorts): Promise<FailedResult> {
  const { environment, of, branch } = request;
  const { head } = await readTip(branch, ports);
  const config = await ports.readConfig(head);
  const { deploys, ...place } = findEnvironment(config, environment);
  const found = await findWay(request, place, head, [...config.images.keys()], ports);
  if ('left' in found) {
    const { left, verdict } = found;
    ports.log.info(`${environment} is left as it is: ${left}`);
    return { ...NOTHING, of, deploys, set: undefined, verdict, left };
  }
  const { set, verdict, failed } = found;
  const target = { builds: set.builds, candidates: [] };
  await checkTarget({ override: 'by a person' }, target, await openCheck(request, target, head, ports), ports);
  const reason = `on-failure: release ${of.slice(0, 7)} failed in ${environment}`;
  const intent: RollbackIntent = {
    kind: 'rollback',
    environment,
    images: set.builds,
    isUnchecked: false,
    failed,
    ...describeAsker(ports, reason),
  };
  return { ...(await deliver(intent, branch, ports)), of, deploys, set, verdict, left: undefined };
}

const NOTHING: LandResult = {
  outcome: 'unchanged',
  commit: undefined,
  images: [],
  holds: [],
  edits: [],
  lostRaces: 0,
  batch: undefined,
};

/** Asks from cheap to dear: slipway.yaml, the branch, the age, then GitHub. */
async function findWay(
  { environment, of }: FailedRequest,
  { overlay, 'on-failure': way }: Pick<EnvironmentConfig, 'overlay' | 'on-failure'>,
  head: CommitSha,
  images: readonly string[],
  ports: AskPorts,
): Promise<Found | Left> {
  if (way !== 'rollback') return { left: `slipway.yaml does not ask for it (environments.${environment}.on-failure)` };
  const branch = await ports.history.at(head);
  const { landings } = await readLandings(branch, { environment, overlay }, images, MOST_RELEASES);
  const landing = landings.find(({ commit }) => commit === of);
  if (landing === undefined) return { left: `it is none of the newest releases of ${environment}` };
  const until = new Date((await readArrival(landing, branch)).getTime() + GOES_BACK_WITHIN_MS);
  const left = explainLeft(landing, landings, until, ports.clock.now());
  if (left !== undefined) return { left };
  if (ports.verdicts === undefined)
    throw new Refusal('of: what is proven of the release cannot be asked: pass a token with deployments: read');
  const proof = openProof(ports);
  const verdict = await readVerdict(landing, proof);
  if (verdict.word !== 'failed') return { left: `what GitHub says of it is: ${describeVerdict(verdict)}`, verdict };
  const timeline = traceSets(landings);
  const set = await findSeenRunning(listSteps(timeline, digestsOf(timeline.sets.at(-1))).slice(0, MOST_STEPS), proof);
  refuseSilence(proof);
  if (set === undefined) return { left: NONE_RAN, verdict };
  return { set, verdict, failed: { commit: of, newest: newestOf(landings), until } };
}

/** When the branch got it, by the clock of who committed it there. */
async function readArrival({ commit }: Landing, { line }: BranchHistory): Promise<Date> {
  const entry = await line.broughtBy(commit);
  const [logged] = await line.find([entry]);
  if (logged === undefined) throw new Error(`${entry} brought ${commit} and is not on the line`);
  return readTime(logged);
}

function explainLeft(
  { commit, releases }: Landing,
  landings: readonly Landing[],
  until: Date,
  now: Date,
): string | undefined {
  const newest = landings.at(-1);
  if (newest !== undefined && newest.commit !== commit)
    return `${newest.commit.slice(0, 7)} came after it (${newest.releases[0]?.kind}, by ${newest.releases[0]?.actor})`;
  if (releases.some(({ kind }) => kind === 'rollback')) return 'it is a rollback itself';
  if (now > until) return 'it landed more than 20 minutes ago, so a person may be at work on it';
  return undefined;
}

/** Failed where one of its images is: its record is read again, since the event that started this run is only text. */
async function readVerdict({ releases }: Landing, proof: Proof): Promise<Verdict> {
  const verdicts: Verdict[] = [];
  for (const release of releases) {
    const verdict = await proof.of(release);
    refuseSilence(proof);
    if (verdict !== undefined) verdicts.push(verdict);
  }
  const [first] = verdicts;
  if (first === undefined) throw new Error('a landing without a release');
  return verdicts.find(({ word }) => word === 'failed') ?? first;
}

function refuseSilence(proof: Proof): void {
  const silence = proof.silence();
  if (silence === undefined) return;
  throw new Refusal(
    `of: what is proven of the release is not known (${silence}); nothing was written: run the job again`,
  );
}

function digestsOf(set: ReleaseSet | undefined): ReadonlyMap<string, Digest> {
  return new Map([...(set?.builds ?? [])].map(([image, { digest }]) => [image, digest]));
}

function newestOf(landings: readonly Landing[]): ReadonlyMap<string, CommitSha> {
  const releases: readonly LandedRelease[] = landings.flatMap((landing) => landing.releases);
  return new Map(releases.map(({ image, commit }) => [image, commit]));
}
