import type { EnvironmentConfig } from '#core/config/config.ts';
import type { CommitPage } from '#core/git/read.ts';
import { findUnclaimed } from '#core/overlay/overlay.ts';
import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import { findCandidates } from '#core/release/hold-image.ts';
import { findHold } from '#core/release/holds.ts';
import type { Build, Builds, LiftIntent } from '#core/release/intent.ts';
import { type OpenIntent, readTip } from '#core/release/open-intents.ts';
import { openProof, type Proof } from '#core/release/proven-sets.ts';
import { type ReadState, readState } from '#core/release/read-state.ts';
import type { Binding, DeployedRelease, EnvironmentState, ImageState } from '#core/release/state.ts';
import { type ExpectedError, isExpected } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import type { Verdict } from '#core/verdict/proven.ts';

/** What all environments run, by git. */
export interface BranchStatus {
  readonly head: CommitSha;
  /** Intents that wait to be landed. */
  readonly open: readonly OpenIntent[];
  readonly environments: readonly EnvironmentStatus[];
  /** True where GitHub was asked for verdicts and answered. */
  readonly isJudged: boolean;
}

/** One environment, with the images that its overlay lists. */
export interface EnvironmentStatus {
  readonly config: EnvironmentConfig;
  /** Why nothing can be written to it, or not to all of its images: a file cannot be read, an entry has a wrong name. */
  readonly fault: ExpectedError | undefined;
  readonly freeze: Binding | undefined;
  readonly images: readonly ImageStatus[];
}

/** What one image runs, by git, and what keeps automatic bumps away from it. */
export interface ImageStatus {
  readonly image: string;
  /** Undefined for a tag or nothing. */
  readonly current: Digest | undefined;
  /** The newest believed release; what runs now differs from it where a hand changed it. */
  readonly release: DeployedRelease | undefined;
  /** Of the commit that landed the release. */
  readonly landed: CommitPage | undefined;
  /** Of the release's source. */
  readonly origin: CommitPage | undefined;
  /** A hold of the hold file, or a change by hand. */
  readonly hold: Binding | undefined;
  readonly waits: Waiting;
  /** What is proven of the release; undefined where it was not asked, or a hand put something else there. */
  readonly verdict: Verdict | undefined;
}

/** A build that is newer than what runs and is not there yet. */
export type Waiting =
  | { readonly is: 'nothing' }
  | { readonly is: 'build'; readonly build: Build; readonly origin: CommitPage | undefined }
  | { readonly is: 'unknown'; readonly why: string };

/** Reads what each environment runs, since when, by whom, why it stays there and what waits. Asks the registry last. */
export async function readStatus(branch: string, ports: AskPorts): Promise<BranchStatus> {
  const { head, open } = await readTip(branch, ports);
  const config = await ports.readConfig(head);
  const everything = [...config.environments.keys()].map((environment): LiftIntent => {
    return { kind: 'release', environment, image: '*', images: new Map(), ...describeAsker(ports, '') };
  });
  const read = await readState(head, everything, ports);
  const states = [...read.state.environments.values()];
  const proof = openProof(ports);
  const environments = await Promise.all(states.map((state) => readEnvironment(state, head, read, proof, ports)));
  return { head, open, environments, isJudged: proof.silence() === undefined };
}

async function readEnvironment(
  { config, fault: unread, freeze, holds, images }: EnvironmentState,
  head: CommitSha,
  read: ReadState,
  proof: Proof,
  ports: AskPorts,
): Promise<EnvironmentStatus> {
  const used = [...images].filter(([, { isUsed }]) => isUsed);
  const fault = unread ?? findStray(config, read);
  const findNewest = unread === undefined ? await findSource(config, head, read, ports) : () => undefined;
  const described = used.map(async ([image, state]): Promise<ImageStatus> => {
    const { current, release } = state;
    const commits = [release?.commit, release?.source].filter((commit) => commit !== undefined);
    const pages = await read.branch.line.describeAll(commits);
    return {
      image,
      current,
      release,
      landed: release?.commit && pages.get(release.commit),
      origin: release && pages.get(release.source),
      hold: findHold(holds, image, read.state.now) ?? state.hand,
      waits: await compare(findNewest(image), { environment: config.name, image }, state, read),
      verdict: await judge(state, proof),
    };
  });
  return { config, fault, freeze, images: await Promise.all(described) };
}

async function judge({ current, release }: ImageState, proof: Proof): Promise<Verdict | undefined> {
  if (release?.commit === undefined || release.to !== current) return undefined;
  return proof.of({ ...release, commit: release.commit });
}

/** An entry that belongs to no image is not listed with the images: it is said with the environment. */
function findStray({ name }: EnvironmentConfig, { overlays, state: { config } }: ReadState): ExpectedError | undefined {
  const overlay = overlays.get(name);
  if (overlay === undefined) return undefined;
  for (const image of config.images.keys()) {
    const stray = findUnclaimed(overlay, image, config);
    if (stray !== undefined) return stray;
  }
  return undefined;
}

/** Where builds come from: the newest build of each image, none, or why that is not known. */
type FindNewest = (image: string) => Build | undefined | { readonly why: string };

async function findSource(
  { name, deploys, from = '' }: EnvironmentConfig,
  head: CommitSha,
  { state }: ReadState,
  ports: AskPorts,
): Promise<FindNewest> {
  if (deploys === 'on-promotion') return (image) => whatRuns(state.environments.get(from)?.images.get(image));
  try {
    const builds: Builds = await findCandidates(name, '*', head, ports);
    return (image) => builds.get(image);
  } catch (error) {
    if (!isExpected(error)) throw error;
    return () => ({ why: error.message });
  }
}

/** What a hand put there is promoted only once it is released. */
function whatRuns(before: ImageState | undefined): Build | undefined {
  if (before?.release === undefined || before.hand !== undefined) return undefined;
  return { digest: before.release.to, source: before.release.source };
}

/** By the order that decides what lands when nothing holds. */
async function compare(
  newest: ReturnType<FindNewest>,
  place: { readonly environment: string; readonly image: string },
  { current, release }: ImageState,
  { answer, order, branch }: ReadState,
): Promise<Waiting> {
  if (newest === undefined) return { is: 'nothing' };
  if ('why' in newest) return { is: 'unknown', why: newest.why };
  if (newest.digest === current) return { is: 'nothing' };
  const question = { ...place, build: newest, deployed: release };
  await answer([question]);
  const isNewer = ['first', 'newer', 'rebuilt'].includes(order.place(question)?.is ?? '');
  if (!isNewer) return { is: 'nothing' };
  const origin = (await branch.line.describeAll([newest.source])).get(newest.source);
  return { is: 'build', build: newest, origin };
}
