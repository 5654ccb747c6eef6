import type { EnvironmentConfig } from '#core/config/config.ts';
import { entriesOf } from '#core/overlay/overlay.ts';
import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import { findCandidate } from '#core/release/candidate.ts';
import { deliver } from '#core/release/deliver.ts';
import { findEnvironment } from '#core/release/environments.ts';
import { findFreeze } from '#core/release/freezes.ts';
import type { Build, Builds, HoldIntent, LiftIntent } from '#core/release/intent.ts';
import type { LandResult } from '#core/release/land.ts';
import { readTip } from '#core/release/open-intents.ts';
import { planAt } from '#core/release/plan.ts';
import { findRepeated } from '#core/release/repeated.ts';
import { toMinute } from '#core/release/rules.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What a person wants to hold or to let go. */
export interface HoldRequest {
  readonly environment: string;
  /** `*` for the whole environment. */
  readonly image: string;
  readonly reason: string;
  readonly branch: string;
}

/** A hold with its end; without one it lasts until a person lets go. */
export type TimedHoldRequest = HoldRequest & { readonly until: Date | undefined };

/** What became of a hold, or of letting go. */
export interface HoldResult extends LandResult {
  /** After a release: what deploys next. */
  readonly next?: NextDeploy;
}

/** What deploys next in an environment that was let go, and since when it may; undefined where that is at once. */
export interface NextDeploy {
  readonly deploys: EnvironmentConfig['deploys'];
  readonly frozenUntil: Date | undefined;
}

/** Holds an image, or the environment, until a person lets go or its time is over. */
export function holdImage(request: TimedHoldRequest, ports: AskPorts): Promise<LandResult> {
  return deliver(prepareHold(request, ports), request.branch, ports);
}

/** Returns the intent of a hold; nothing is written yet. */
export function prepareHold({ environment, image, until, reason }: TimedHoldRequest, ports: AskPorts): HoldIntent {
  return { kind: 'hold', environment, image, until, ...describeAsker(ports, reason) };
}

/** Lets go of an image, or of everything in the environment, and deploys in the same commit what waits. */
export async function releaseImage(request: HoldRequest, ports: AskPorts): Promise<HoldResult> {
  const { head } = await readTip(request.branch, ports);
  const next = await readNext(head, request.environment, ports);
  const result = await deliver(await prepareAt(head, request, ports), request.branch, ports);
  return { ...result, next };
}

/** Returns what deploys next in an environment, once nothing holds it. */
export async function readNextDeploy(environment: string, branch: string, ports: AskPorts): Promise<NextDeploy> {
  const { head } = await readTip(branch, ports);
  return readNext(head, environment, ports);
}

async function readNext(head: CommitSha, environment: string, ports: AskPorts): Promise<NextDeploy> {
  const { deploys, freezes } = findEnvironment(await ports.readConfig(head), environment);
  return { deploys, frozenUntil: findFreeze(freezes, ports.clock.now())?.until };
}

const NEXT = {
  'on-push': 'The next push deploys again',
  'on-promotion': 'The next promotion deploys again',
  'by-hand': 'What you deploy by hand lands again',
} as const;

/** Returns what deploys next as a sentence. */
export function describeNext({ deploys, frozenUntil }: NextDeploy): string {
  const since = frozenUntil === undefined ? '' : `, when the freeze is over: ${toMinute(frozenUntil)}`;
  return `${NEXT[deploys]}${since}.`;
}

/** Finds what waits and returns the intent that lets go of it; nothing is written yet. */
export async function prepareRelease(request: HoldRequest, ports: AskPorts): Promise<LiftIntent> {
  const { head } = await readTip(request.branch, ports);
  return prepareAt(head, request, ports);
}

async function prepareAt(head: CommitSha, request: HoldRequest, ports: AskPorts): Promise<LiftIntent> {
  const { environment, image, reason } = request;
  const images = await findCandidates(environment, image, head, ports);
  const intent: LiftIntent = { kind: 'release', environment, image, images, ...describeAsker(ports, reason) };
  await refuseRepeated(intent, head, ports);
  return intent;
}

/** A job that is run again must not let go of what was held after it. */
async function refuseRepeated(intent: LiftIntent, head: CommitSha, ports: AskPorts): Promise<void> {
  const { environment } = intent;
  const { overlay } = findEnvironment(await ports.readConfig(head), environment);
  const [own] = await findRepeated('release', { environment, overlay }, head, ports);
  if (own === undefined) return;
  const [decided] = (await planAt(head, [intent], ports)).decided;
  if (decided === undefined || decided.outcome !== 'landed') return;
  throw new Refusal(
    `${environment} was released by this run already, in ${own.commit.slice(0, 7)}, and was changed since; start the workflow again instead of running its old job`,
  );
}

/** Returns the newest source's build of each image that the overlay lists; none where releases do not come by push. */
export async function findCandidates(
  environment: string,
  image: string,
  head: CommitSha,
  ports: AskPorts,
): Promise<Builds> {
  const config = await ports.readConfig(head);
  const found = findEnvironment(config, environment);
  if (found.deploys !== 'on-push') return new Map();
  const overlay = await ports.editor.read(head, found, config);
  const branch = await ports.history.at(head);
  const names = [...config.images.keys()].filter(
    (name) => (image === '*' || name === image) && entriesOf(overlay, name).length > 0,
  );
  const registry = await ports.openRegistry(config.registry);
  const place = { environment, overlay: found.overlay };
  const builds = await Promise.all(
    names.map(async (name): Promise<[string, Build | undefined]> => {
      const build = await findCandidate({ place, overlay, image: name, branch, registry, config: ports.configPath });
      return [name, build];
    }),
  );
  return new Map(builds.flatMap(([name, build]) => (build === undefined ? [] : [[name, build] as const])));
}
