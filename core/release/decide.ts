import type { EnvironmentConfig } from '#core/config/config.ts';
import { type Draft, type HoldMove, openDraft } from '#core/release/draft.ts';
import { chooseEnvironments } from '#core/release/environments.ts';
import type { Hold } from '#core/release/holds.ts';
import type {
  Build,
  DeployIntent,
  HoldIntent,
  Intent,
  LiftIntent,
  PromotionIntent,
  RollbackIntent,
} from '#core/release/intent.ts';
import { leaveAlone } from '#core/release/leave-alone.ts';
import {
  type Decision,
  decideByOrder,
  decideDeploy,
  decidePromotion,
  decideRollback,
  type Outcome,
  refuseDrifted,
  refuseLiftOfOne,
  refuseUnnamed,
  refuseUnused,
  summarizeOutcomes,
} from '#core/release/rules.ts';
import type { Binding, DeployedRelease, Order, PlaceQuestion, State } from '#core/release/state.ts';
import type { HoldRecord, Release } from '#core/release/trailer.ts';
import { type ExpectedError, isExpected, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** What became of one image in one environment. */
export interface ImageOutcome {
  readonly environment: string;
  readonly image: string;
  readonly outcome: Outcome;
  readonly from: Digest | undefined;
  readonly to: Digest;
  readonly source: CommitSha;
  /** The newer release, where one superseded this. */
  readonly winner?: DeployedRelease;
  /** Why the image is left alone, where it is held. */
  readonly hold?: Binding;
  /** What a person should know of it besides. */
  readonly note?: string;
}

/** What became of an intent. `waits`: an intent of this commit comes first at the same place, the next commit decides. */
export interface Decided {
  readonly intent: Intent;
  readonly outcome: Outcome | 'refused' | 'waits';
  readonly images: readonly ImageOutcome[];
  /** The holds that it sets and lets go. */
  readonly holds: readonly HoldRecord[];
  readonly refusal?: ExpectedError;
}

/** What all open intents come to in one commit. */
export interface Batch {
  readonly decided: readonly Decided[];
  readonly releases: readonly Release[];
  readonly holds: ReadonlyMap<string, HoldMove>;
  /** What must be read before this is final; empty when it is. */
  readonly questions: readonly PlaceQuestion[];
}

/**
 * Decides what becomes of all open intents in one commit; asks and changes nothing. People come first, in the order in
 * which they asked; then deploys, the newest source first, so that of several the newest lands and supersedes the
 * others. An image moves at most once in a commit, and a hold that a commit sets stays in it: what would change them
 * again waits for the next one, and so does what comes behind it at the same place, since the order is meant. What the
 * pipeline takes back by itself comes last, so that it finds what people and newer builds did.
 */
export function decide(state: State, intents: readonly Intent[], order: Order): Batch {
  const draft = openDraft(state, order);
  const decided = sortIntents(intents, order).map((intent) => decideIntent(intent, draft));
  const { releases, questions } = draft;
  return { decided, releases, holds: draft.holdChanges(), questions };
}

function sortIntents(intents: readonly Intent[], order: Order): Intent[] {
  const depth = (intent: Intent): number =>
    intent.kind === 'deploy' ? Math.min(...[...intent.images.values()].map(({ source }) => order.depth(source))) : -1;
  const isLast = (intent: Intent): number => (intent.kind === 'rollback' && intent.failed !== undefined ? 1 : 0);
  return [...intents].sort(
    (one, other) => isLast(one) - isLast(other) || depth(one) - depth(other) || (one.id < other.id ? -1 : 1),
  );
}

function decideIntent(intent: Intent, draft: Draft): Decided {
  try {
    const { config, via } = draft.state;
    const environments = chooseEnvironments(config, intent, via);
    const [environment] = environments;
    if (environment === undefined) throw new Error('an intent is for one environment at least');
    const names = [...environments.map(({ name }) => name), ...beforeOf(intent, environment)];
    refuseUnreadable(names, draft);
    const places = names.flatMap((name) => listImages(intent).map((image) => ({ environment: name, image })));
    const decided = draft.isWaitedFor(places)
      ? waiting(intent)
      : decideInTurn(intent, environment, environments, draft);
    if (decided.outcome === 'waits') draft.waitFor(places);
    return decided;
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { intent, outcome: 'refused', images: [], holds: [], refusal: error as ExpectedError }; // isExpected says so
  }
}

function decideInTurn(
  intent: Intent,
  environment: EnvironmentConfig,
  environments: readonly EnvironmentConfig[],
  draft: Draft,
): Decided {
  if (intent.kind === 'hold') return decideHold(intent, draft);
  if (intent.kind === 'release') return decideLift(intent, environment, draft);
  const left = leaveAlone(intent, environment, draft);
  if (left !== undefined) return { intent, ...left, holds: [] };
  const all = environments.flatMap((one) => decideImages(intent, one, draft));
  if (intent.kind === 'deploy')
    refuseUnused(intent.images.keys(), new Set(all.map(({ image }) => image)), environments);
  return settle(intent, all, draft);
}

function waiting(intent: Intent): Decided {
  return { intent, outcome: 'waits', images: [], holds: [] };
}

/** The images that an intent reads or moves; `*` for all of the environment. */
function listImages(intent: Intent): readonly string[] {
  if (intent.kind === 'hold' || intent.kind === 'release') return [intent.image];
  const newest = intent.kind === 'rollback' ? [...(intent.failed?.newest.keys() ?? [])] : [];
  return [...new Set([...intent.images.keys(), ...newest])];
}

function beforeOf({ kind }: Intent, { from }: EnvironmentConfig): string[] {
  return kind === 'promotion' && from !== undefined ? [from] : [];
}

function refuseUnreadable(environments: readonly string[], { state }: Draft): void {
  const fault = environments.map((name) => state.environments.get(name)?.fault).find((one) => one !== undefined);
  if (fault !== undefined) throw fault;
}

/** One image of an intent in one environment, with its decision. */
interface Planned {
  readonly environment: string;
  readonly image: string;
  readonly build: Build;
  readonly from: Digest | undefined;
  readonly decision: Decision;
  readonly waits: boolean;
}

type BuildsIntent = DeployIntent | RollbackIntent | PromotionIntent;

function decideImages(intent: BuildsIntent, environment: EnvironmentConfig, draft: Draft): Planned[] {
  return [...intent.images].flatMap(([image, build]): Planned[] => {
    const isAnywhere = intent.kind === 'deploy' && intent.environments === undefined;
    if (isAnywhere && !draft.image(environment.name, image).isUsed) return [];
    if (intent.kind === 'promotion')
      refuseDrifted(draft.image(environment.from ?? '', image), environment, image, build);
    // a person who asks for it again means it
    const isAutomatic = intent.kind === 'deploy' && !intent.isByHand;
    const turnedDown = isAutomatic ? draft.state.turnedDown?.get(build.digest) : undefined;
    return [planImage(RULES[intent.kind], environment, image, build, draft, turnedDown)];
  });
}

const RULES = { deploy: decideDeploy, rollback: decideRollback, promotion: decidePromotion } as const;

function planImage(
  rule: (typeof RULES)[BuildsIntent['kind']] | typeof decideByOrder,
  environment: EnvironmentConfig,
  image: string,
  build: Build,
  draft: Draft,
  turnedDown?: Binding,
): Planned {
  const { current, isChanged } = draft.image(environment.name, image);
  const decision = rule({
    environment,
    image,
    wanted: build,
    current,
    binding: draft.findBinding(environment.name, image) ?? (current === build.digest ? undefined : turnedDown),
    place: () => draft.place(environment.name, image, build),
  });
  const waits = isChanged && decision.outcome === 'landed';
  return { environment: environment.name, image, build, from: current, decision, waits };
}

/** Lands what is to land: all of it, or nothing where one image is refused or has to wait. */
function settle(intent: BuildsIntent | LiftIntent, all: readonly Planned[], draft: Draft): Decided {
  for (const { decision } of all) if (decision.outcome === 'refused') throw decision.refusal;
  if (intent.kind === 'promotion') refuseMixture(intent, all);
  if (all.some(({ waits }) => waits)) return waiting(intent);
  const landing = all.filter(({ decision }) => decision.outcome === 'landed');
  for (const { environment, image, build } of landing) draft.land(intent, environment, image, build);
  const holds = intent.kind === 'rollback' && landing.length > 0 ? holdRolledBack(intent, draft) : [];
  const images = all.map(toOutcome);
  return { intent, outcome: summarizeOutcomes(images.map(({ outcome }) => outcome)), images, holds };
}

/** A part of the set beside newer releases is a set that ran nowhere. */
function refuseMixture({ environment }: PromotionIntent, all: readonly Planned[]): void {
  const newer = all.find(({ decision }) => decision.outcome === 'superseded');
  if (newer === undefined || !all.some(({ decision }) => decision.outcome === 'landed')) return;
  throw new Refusal(
    `environment: ${environment}/${newer.image} runs a newer release than the set that you promote, which would be torn; promote the other images one by one`,
  );
}

function toOutcome({ environment, image, build, from, decision }: Planned): ImageOutcome {
  if (decision.outcome === 'refused') throw decision.refusal;
  return { environment, image, from, to: build.digest, source: build.source, ...decision };
}

/** The images of a rollback stay where it brought them: all of the set, also those that were there already. */
function holdRolledBack(intent: RollbackIntent, draft: Draft): HoldRecord[] {
  const { environment, reason, actor: by, at: since } = intent;
  draft.removeHolds(environment, (hold) => hold.kind === 'rollback' && intent.images.has(hold.image));
  return [...intent.images].map(([image, { digest }]) => {
    draft.addHold(environment, {
      image,
      kind: 'rollback',
      reason,
      by,
      since,
      until: undefined,
      digest,
    });
    return { environment, image, action: 'set', kind: 'rollback' };
  });
}

function decideHold(intent: HoldIntent, draft: Draft): Decided {
  const { environment, image, reason, until, actor: by, at: since } = intent;
  if (image !== '*') refuseUnused([image], usedImages(draft, environment), [{ name: environment }], 'image');
  const own = (hold: Hold): boolean => hold.kind === 'manual' && hold.image === image;
  const isThere = draft
    .holds(environment)
    .some((hold) => own(hold) && hold.reason === reason && hold.until?.getTime() === until?.getTime());
  if (isThere) return { intent, outcome: 'unchanged', images: [], holds: [] };
  draft.removeHolds(environment, own);
  draft.addHold(environment, { image, kind: 'manual', reason, by, since, until, digest: undefined });
  return { intent, outcome: 'landed', images: [], holds: [{ environment, image, action: 'set', kind: 'manual' }] };
}

function usedImages(draft: Draft, environment: string): ReadonlySet<string> {
  const images = draft.state.environments.get(environment)?.images ?? new Map();
  return new Set([...images].filter(([, { isUsed }]) => isUsed).map(([image]) => image));
}

/** Lets go, and lands what waits in the same commit. A change by hand at which the image stays is accepted in writing. */
function decideLift(intent: LiftIntent, environment: EnvironmentConfig, draft: Draft): Decided {
  const { name, deploys } = environment;
  const isMeant = (image: string): boolean => intent.image === '*' || image === intent.image;
  const gone = draft.holds(name).filter((hold) => hold.kind !== 'accepted' && isMeant(hold.image));
  if (intent.image !== '*') refuseLiftOfOne(draft.holds(name), environment, intent.image);
  // set and let go in one commit, the file would say neither
  if (gone.some((hold) => draft.isAdded(name, hold))) return waiting(intent);
  const planned = [...intent.images]
    .filter(([image]) => deploys === 'on-push' && isMeant(image) && draft.image(name, image).isUsed)
    .map(([image, build]) => planImage(decideByOrder, environment, image, build, draft));
  const staying = [...usedImages(draft, name)].filter(
    (image) => isMeant(image) && !planned.some((one) => one.image === image && one.decision.outcome === 'landed'),
  );
  const accepted = staying.filter((image) => draft.image(name, image).hand !== undefined);
  for (const image of accepted) refuseUnnamed(draft.image(name, image), name, image);
  const settled = settle(intent, planned, draft);
  if (settled.outcome === 'waits') return settled;
  if (gone.length > 0) draft.removeHolds(name, (hold) => hold.kind !== 'accepted' && isMeant(hold.image));
  for (const image of accepted) accept(intent, image, draft);
  const holds: HoldRecord[] = [
    ...gone.map(({ image, kind }) => ({ environment: name, image, action: 'release' as const, kind })),
    ...accepted.map((image) => ({ environment: name, image, action: 'release' as const, kind: 'manual' as const })),
  ];
  return { ...settled, outcome: holds.length > 0 ? 'landed' : settled.outcome, holds };
}

function accept({ environment, reason, actor: by, at: since, images }: LiftIntent, image: string, draft: Draft): void {
  const { current: digest, release } = draft.image(environment, image);
  if (digest === undefined) throw new Error('what has no digest is not accepted');
  const source = images.get(image)?.digest === digest ? images.get(image)?.source : release?.source;
  draft.removeHolds(environment, (hold) => hold.kind === 'accepted' && hold.image === image);
  draft.addHold(environment, {
    image,
    kind: 'accepted',
    reason,
    by,
    since,
    until: undefined,
    digest,
    ...(source && { source }),
  });
  draft.accept(environment, image, { digest, source });
}
