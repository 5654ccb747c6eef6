import type { Decided, ImageOutcome } from '#core/release/decide.ts';
import { listPlaces } from '#core/release/environments.ts';
import { type FoldPorts, foldIntents } from '#core/release/fold.ts';
import type { Intent } from '#core/release/intent.ts';
import { decideKnown } from '#core/release/known.ts';
import type { LandedIntent } from '#core/release/landed.ts';
import {
  type Glance,
  glanceAt,
  type OpenIntent,
  openTip,
  publishIntent,
  refOf,
  type Tip,
} from '#core/release/open-intents.ts';
import { type EnvironmentEdit, planAt } from '#core/release/plan.ts';
import type { Proposal, Proposing } from '#core/release/proposal.ts';
import { explainRejection, isFinal, type Rejection } from '#core/release/rejection.ts';
import type { Outcome } from '#core/release/rules.ts';
import { countLanded, sayDecided, sayLanded, sayOther } from '#core/release/say.ts';
import { describeOpen, takeBack } from '#core/release/take-back.ts';
import type { HoldRecord } from '#core/release/trailer.ts';
import type { Trust } from '#core/release/trust.ts';
import { choosePace } from '#core/release/turns.ts';
import { waitForTurn } from '#core/release/wait.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What became of an intent. */
export interface LandResult {
  readonly outcome: Outcome;
  /** The commit that landed it; undefined when nothing was written. */
  readonly commit: CommitSha | undefined;
  readonly images: readonly ImageOutcome[];
  /** The holds that it set and let go. */
  readonly holds: readonly HoldRecord[];
  /** What the commit does to each rendered overlay; empty when nothing was written, or another writer wrote it. */
  readonly edits: readonly EnvironmentEdit[];
  /** How often the branch had moved before our push. */
  readonly lostRaces: number;
  /** How many intents the commit landed, this one among them; undefined when nothing was written. */
  readonly batch: number | undefined;
  /** The pull requests in which it is proposed, or that have to do with what became of it. */
  readonly proposals?: readonly Proposal[];
}

/** What landing needs from the world. */
export interface LandPorts extends FoldPorts {
  /** Between 0 and 1, for waiting times. */
  readonly random: () => number;
  readonly trust: Trust;
  /** Undefined where there is no GitHub to ask. */
  readonly proposing?: Proposing;
}

/** Rejections tolerated while nothing has moved. A concurrent writer that holds a ref's lock causes them too. */
const MOST_REJECTIONS = 5;
/** How long an intent is waited for, in milliseconds: past this, something pushes in a loop or the folds fail. */
const DEADLINE = 10 * 60_000;

/** How far a writer is with its intent. */
interface Progress {
  /** `published`: its ref was taken, or seen; `refless`: the server takes no such ref. */
  phase: 'new' | 'published' | 'refless';
  /** Its ref, where it was published or seen last, or may be there; undefined where it is not. */
  own: OpenIntent | undefined;
  /** True when publishing was tried: it may have taken effect, whatever was answered. */
  wasPublishing: boolean;
  /** When the writer began, in milliseconds since 1970. */
  readonly since: number;
  lostRaces: number;
  rejections: number;
  /** The answer to the last push, where it did not take. */
  rejected: Rejection | undefined;
  /** What was seen last, since when. */
  seen: string;
  seenSince: number;
}

/**
 * Lands an intent: publishes it, and the writer whose turn it is folds all open intents into one commit, moves the branch
 * and deletes their refs, in one atomic push. Nothing is merged, forced or created, and the outcome is read from the
 * branch alone, so an answer lost on the wire, or a writer killed, changes nothing.
 */
export async function land(intent: Intent, branch: string, ports: LandPorts): Promise<LandResult> {
  const known = await decideKnown(intent, branch, ports);
  if (known?.refusal !== undefined) throw known.refusal;
  if (known !== undefined) {
    sayDecided(known, ports.log);
    return toResult(known, { lostRaces: 0 });
  }
  const since = ports.clock.now().getTime();
  const progress: Progress = {
    phase: 'new',
    own: undefined,
    wasPublishing: false,
    since,
    lostRaces: 0,
    rejections: 0,
    rejected: undefined,
    seen: '',
    seenSince: since,
  };
  const result = await landInTime(intent, branch, progress, ports).catch((error) =>
    takeBack(error, progress.own, ports.transport),
  );
  return result ?? stayOpen(intent, branch, progress);
}

/** Returns undefined when the deadline comes first. */
async function landInTime(
  intent: Intent,
  branch: string,
  progress: Progress,
  ports: LandPorts,
): Promise<LandResult | undefined> {
  const { clock } = ports;
  const temper = ports.random();
  let landed: Tip | undefined;
  while (clock.now().getTime() - progress.since < DEADLINE) {
    if (progress.phase === 'new') await publish(intent, progress, branch, ports);
    const glance = landed ?? (await glanceAt(branch, ports));
    judgeRejection(glance, progress, branch, ports);
    const ref = glance.open.find((one) => one.ref === refOf(intent.id));
    if (ref !== undefined) {
      Object.assign(progress, { phase: 'published', own: { ...ref, intent } });
      const turn = await waitForTurn(glance, { ...ref, intent }, { since: progress.seenSince, temper }, branch, ports);
      landed = turn.landed;
      if (!turn.isOurs) continue;
    }
    const tip = landed ?? (await openTip(glance, progress.own, branch, ports));
    landed = undefined;
    const own = tip.open.find((open) => open.intent.id === intent.id);
    progress.own = own;
    const known = own === undefined ? await findOutcome(tip, intent, progress, ports) : undefined;
    if (known !== undefined) return known;
    if (progress.phase === 'new') {
      await clock.sleep(choosePace(1, ports.random()));
      continue;
    }
    const others = await ports.trust(
      tip.open.filter((open) => open !== own),
      branch,
    );
    const result = await fold(tip, intent, own, others, progress, branch, ports);
    if (result !== undefined) return result;
    await clock.sleep(Math.round(ports.random() * Math.min(1_000, 50 * (progress.lostRaces + progress.rejections))));
  }
  return undefined;
}

/** Notes what is seen; a push that was refused although nothing has moved since is the server's own refusal. */
function judgeRejection({ head, open }: Glance, progress: Progress, branch: string, { clock, log }: LandPorts): void {
  const seen = [head, ...open.map(({ commit }) => commit)].join();
  const hasMoved = seen !== progress.seen;
  if (hasMoved) Object.assign(progress, { seen, seenSince: clock.now().getTime(), rejections: 0 });
  const { rejected } = progress;
  progress.rejected = undefined;
  if (rejected === undefined) return;
  if (hasMoved) {
    progress.lostRaces += 1;
    log.info(`${branch} moved on: deciding again`);
    return;
  }
  progress.rejections += 1;
  if (isFinal(rejected) || progress.rejections >= MOST_REJECTIONS) throw explainRejection(branch, rejected.reason);
  log.info(`${branch} did not take the commit (${rejected.reason}): trying again`);
}

/** Reads from the branch alone what became of an intent whose ref is not there (any more). */
async function findOutcome(
  { head }: Tip,
  intent: Intent,
  progress: Progress,
  ports: LandPorts,
): Promise<LandResult | undefined> {
  const places = listPlaces(await ports.readConfig(head));
  const landed =
    (await ports.history.findLandedBy(head, intent.id, places)) ??
    (await (await ports.history.at(head)).findIntent(intent.id, places));
  if (landed === undefined && progress.phase !== 'published') return undefined;
  if (landed !== undefined)
    sayLanded(landed, Math.round((ports.clock.now().getTime() - progress.since) / 1_000), ports.log);
  if (landed !== undefined && isWhole(landed, intent)) return toLanded(landed, [], progress);
  const [decided] = (await planAt(head, [intent], ports)).decided;
  if (decided === undefined) throw new Error('an intent was not decided');
  if (landed !== undefined) return toLanded(landed, decided.images, progress);
  if (decided.outcome === 'refused') throw refusalOf(decided);
  if (decided.outcome === 'waits' || decided.outcome === 'landed') {
    // its ref is gone and nothing landed it: the ref was deleted
    progress.phase = 'new';
    return undefined;
  }
  return toResult(decided, progress);
}

/** True where a commit landed all that was asked for: then nothing else needs to be decided to tell it. */
function isWhole({ releases }: LandedIntent, intent: Intent): boolean {
  if (intent.kind !== 'deploy' || intent.environments === undefined) return false;
  return releases.length === intent.environments.length * intent.images.size;
}

function toLanded(
  { commit, releases, holds, batch }: LandedIntent,
  others: readonly ImageOutcome[],
  progress: Progress,
): LandResult {
  const own = releases.map(({ environment, image, from, to, source }): ImageOutcome => {
    return { environment, image, outcome: 'landed', from, to, source };
  });
  const isOwn = (image: ImageOutcome): boolean =>
    own.some((one) => one.environment === image.environment && one.image === image.image);
  const images = [...own, ...others.filter((image) => !isOwn(image))];
  const { lostRaces } = progress;
  return { outcome: 'landed', commit, images, holds, edits: [], lostRaces, batch };
}

function toResult(
  { outcome, images, holds }: Decided,
  { lostRaces }: Pick<Progress, 'lostRaces'>,
  landed?: Pick<LandResult, 'commit' | 'edits' | 'batch'>,
): LandResult {
  if (outcome === 'refused' || outcome === 'waits') throw new Error(`${outcome} is not the end of an intent`);
  const nothing = { commit: undefined, edits: [], batch: undefined };
  return { outcome, images, holds, lostRaces, ...nothing, ...(outcome === 'landed' ? landed : undefined) };
}

async function publish(intent: Intent, progress: Progress, branch: string, ports: LandPorts): Promise<void> {
  const wasTried = progress.wasPublishing;
  progress.wasPublishing = true; // another writer may land it before we see its ref
  const { pushed, open } = await publishIntent(intent, ports.transport);
  if (pushed.outcome === 'pushed') {
    Object.assign(progress, { phase: 'published', own: open });
    return ports.log.info(`Published as intent ${intent.id}`);
  }
  if (pushed.outcome === 'unclear') {
    if (isFinal(pushed)) throw explainRejection(branch, pushed.reason);
    progress.own = open; // it may be there
    await ports.clock.sleep(choosePace(1, ports.random()));
  }
  if (!wasTried && !isFinal(pushed)) return;
  progress.phase = 'refless';
  ports.log.warn(
    `The server takes no intent (${pushed.reason}): writing straight to the branch, which takes longer where many write`,
  );
}

/** Folds all that is open; undefined to look again. */
async function fold(
  tip: Tip,
  intent: Intent,
  own: OpenIntent | undefined,
  others: readonly OpenIntent[],
  progress: Progress,
  branch: string,
  ports: LandPorts,
): Promise<LandResult | undefined> {
  const open = own === undefined ? others : [{ ...own, intent }, ...others];
  const folded = await foldIntents(tip, open, intent, branch, ports);
  progress.rejected = folded.rejected;
  const decided = folded.plan.decided.find((one) => one.intent === intent);
  if (folded.rejected === undefined && decided?.outcome !== 'waits') progress.own = undefined;
  if (decided === undefined) return undefined; // it landed before, and is found where it landed
  // nothing of it was written and nothing will be, whatever became of the others
  if (decided.outcome === 'refused' && (own === undefined || folded.rejected === undefined)) throw refusalOf(decided);
  if (folded.rejected !== undefined || decided.outcome === 'waits') return undefined;
  sayDecided(decided, ports.log);
  for (const other of folded.plan.decided) if (other !== decided) sayOther(other, ports.log);
  const { commit, plan } = folded;
  return toResult(decided, progress, { commit, edits: plan.edits, batch: countLanded(plan) });
}

function refusalOf({ refusal }: Decided): Error {
  return refusal ?? new Error('a refusal without a reason');
}

function stayOpen({ id }: Intent, branch: string, { phase, lostRaces, rejected }: Progress): never {
  const lost = lostRaces + (rejected === undefined ? 0 : 1);
  const isOpen = phase !== 'refless';
  throw new Refusal(
    `branch: ${branch} moved before each of our pushes for ${DEADLINE / 60_000} minutes, ${lost} times; ${isOpen ? describeOpen(id) : 'nothing was written'}; find the workflow that pushes in a loop${isOpen ? '' : ', and run the job again'}`,
  );
}
