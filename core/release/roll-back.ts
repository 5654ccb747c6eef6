import { entriesOf, type OverlayState, repositoryOf } from '#core/overlay/overlay.ts';
import { checkPullable, type PullFault } from '#core/registry/pullable.ts';
import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import { deliver } from '#core/release/deliver.ts';
import { findEnvironment } from '#core/release/environments.ts';
import type { Builds, RollbackIntent } from '#core/release/intent.ts';
import type { LandResult } from '#core/release/land.ts';
import { readTip } from '#core/release/open-intents.ts';
import { describeVerdict } from '#core/release/proven-sets.ts';
import { findRepeated } from '#core/release/repeated.ts';
import {
  type Candidate,
  describeCandidates,
  findTarget,
  type RollbackTarget,
  type Way,
} from '#core/release/rollback-target.ts';
import { isExpected, Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What a person wants to go back to. */
export interface RollbackRequest extends Way {
  readonly reason: string;
  readonly branch: string;
  /** The commit that the person saw; undefined for the branch's head. */
  readonly anchor: CommitSha | undefined;
  /** Goes on where the registry does not answer; what it says of a digest still counts. */
  readonly override: boolean;
}

/** A rollback that landed, or that had nothing to land. */
export interface RollbackResult extends LandResult {
  readonly target: RollbackTarget;
  /** True where the registry did not answer, and a person wanted it all the same. */
  readonly isUnchecked: boolean;
}

/** What DigitalOcean's nodes run, and what the templates build. */
const PLATFORM = { os: 'linux', architecture: 'amd64' } as const;

/** A rollback that is ready to land, and how it was found. */
export interface PreparedRollback extends Pick<RollbackResult, 'target' | 'isUnchecked'> {
  readonly intent: RollbackIntent;
}

/**
 * Lands an older set of releases again, in one commit, and holds its images there. The way back is counted from what the
 * person saw; every digest is checked to be one that the cluster can pull before anything is written.
 */
export async function rollBack(request: RollbackRequest, ports: AskPorts): Promise<RollbackResult> {
  const { intent, target, isUnchecked } = await prepareRollback(request, ports);
  const result = await deliver(intent, request.branch, ports);
  return { ...result, target, isUnchecked };
}

/** Finds what a rollback is to land and checks it; nothing is written yet. */
export async function prepareRollback(request: RollbackRequest, ports: AskPorts): Promise<PreparedRollback> {
  const { head } = await readTip(request.branch, ports);
  const target = await findTarget(request, request.anchor ?? head, head, ports);
  await refuseRepeated(request, target, head, ports);
  if (target.verdict !== undefined && target.verdict.word !== 'none')
    ports.log.info(`The set of ${target.set.commit.slice(0, 7)} was ${describeVerdict(target.verdict)}`);
  const check = await openCheck(request, target, head, ports);
  const isUnchecked = await checkTarget(request, target, check, ports);
  const { environment } = request;
  const reason = isUnchecked ? `${request.reason} (the registry did not answer: override)` : request.reason;
  const intent = { kind: 'rollback', environment, images: target.builds, isUnchecked } as const;
  return { intent: { ...intent, ...describeAsker(ports, reason) }, target, isUnchecked };
}

/** A job that is run again saw an old branch: it must not undo what came after it. */
async function refuseRepeated(
  { environment }: RollbackRequest,
  { builds }: RollbackTarget,
  head: CommitSha,
  ports: AskPorts,
): Promise<void> {
  const config = await ports.readConfig(head);
  const found = findEnvironment(config, environment);
  const { overlay } = found;
  const own = (await findRepeated('rollback', { environment, overlay }, head, ports)).flatMap((one) => one.releases);
  if (own.length === 0) return;
  const { digests } = await ports.editor.read(head, found, config);
  const changed = own.find(({ image }) => builds.has(image) && digests.get(image) !== builds.get(image)?.digest);
  if (changed === undefined) return;
  throw new Refusal(
    `${environment}/${changed.image} was rolled back by this run already, in ${changed.commit.slice(0, 7)}, and was changed since; start the workflow again instead of running its old job`,
  );
}

/** Refuses a set that the cluster could not pull; returns true where the registry did not answer and that was allowed. */
export async function checkTarget(
  { override }: { readonly override: boolean | 'by a person' },
  target: Pick<RollbackTarget, 'builds' | 'candidates'>,
  check: Check,
  ports: AskPorts,
): Promise<boolean> {
  try {
    const faults = await check(target.builds);
    if (faults.length === 0) return false;
    const usable: Candidate[] = [];
    for (const candidate of target.candidates) {
      // what the registry does not answer for is not offered
      const others = await check(candidate.builds).catch(() => undefined);
      if (others?.length === 0) usable.push(candidate);
    }
    const table = describeCandidates(usable, ports.clock.now());
    throw new UnusableTarget(`${faults.map(({ sentence }) => sentence).join('; ')}; nothing was written${table}`);
  } catch (error) {
    if (error instanceof UnusableTarget || !isExpected(error)) throw error;
    if (override !== true) {
      const remedy =
        override === false
          ? 'override: true, or --override at a terminal, lands them unchecked'
          : 'to land them unchecked, roll back yourself: workflow Rollback, with to: proven and override';
      throw new Refusal(
        `${error.message}; nothing was written: whether the cluster can pull the images is not known (${remedy})`,
      );
    }
    ports.log.warn(`Landing unchecked, as override asks: ${error.message}`);
    return true;
  }
}

class UnusableTarget extends Refusal {}

type Check = (builds: Builds) => Promise<PullFault[]>;

/** Refuses an image that the overlay does not list, or takes from another registry: no override helps there. */
export async function openCheck(
  { environment }: Pick<RollbackRequest, 'environment'>,
  target: Pick<RollbackTarget, 'builds'>,
  head: CommitSha,
  ports: AskPorts,
): Promise<Check> {
  const config = await ports.readConfig(head);
  const overlay = await ports.editor.read(head, findEnvironment(config, environment), config);
  for (const image of target.builds.keys()) refuseUnlisted(overlay, image);
  return async (builds) => {
    const registry = await ports.openRegistry(config.registry);
    const checks = [...builds].map(([image, { digest }]) =>
      checkPullable(registry, { repository: placeOf(overlay, image, registry.host), digest }, PLATFORM),
    );
    const answers = await Promise.allSettled(checks);
    // what is known of one image counts, also where another one is not answered for
    const faults = answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []));
    const unknown = answers.find((answer) => answer.status === 'rejected');
    if (faults.length === 0 && unknown !== undefined) throw unknown.reason;
    return faults;
  };
}

function placeOf(overlay: OverlayState, image: string, host: string): string {
  try {
    return repositoryOf(overlay, image, host);
  } catch (error) {
    throw error instanceof Refusal ? new UnusableTarget(error.message) : error;
  }
}

function refuseUnlisted(overlay: OverlayState, image: string): void {
  if (entriesOf(overlay, image).length > 0) return;
  throw new Refusal(
    `${overlay.file.path} does not list ${image} any more; add it to images again, or roll back the other images one by one`,
  );
}
