import { isDeepStrictEqual } from 'node:util';
import type { Build } from '#core/release/intent.ts';
import type { Answer, Facts, Hold, Inputs, Model, Release, Spot, Verdict, Wish } from './model-types.ts';

/**
 * Returns what an intent comes to and the model after it: who may move an image, by which order, and what holds it, for
 * a straight branch. All images of an intent move, or none. It uses nothing of the product but the types of its words.
 */
export function apply(before: Model, wish: Wish, facts: Facts): readonly [Answer, Model] {
  const model = endHolds(before, facts.now);
  const isMeant = ({ environment, image }: Spot): boolean =>
    (wish.environment === undefined ? environment !== 'production' : environment === wish.environment) &&
    (wish.images?.has(image) ?? (wish.image === '*' || wish.image === image));
  const meant = model.filter(isMeant);
  const verdicts = meant.map((spot) => judge(spot, wish, model, facts));
  const after = meant.map((spot, index) => settle(land(spot, verdicts[index]), wish));
  const isMoved = after.some(({ now }, index) => now !== meant[index]?.now);
  // a part of the set beside newer releases ran nowhere
  const isTorn = wish.kind === 'promotion' && isMoved && verdicts.includes('superseded');
  // what a hand left without a digest cannot be accepted
  const isUnnamed = wish.kind === 'release' && after.some(({ last, now }) => last !== undefined && now === undefined);
  if (isTorn || isUnnamed || verdicts.includes('refused')) return ['refused', model];
  if (wish.kind === 'rollback' && !isMoved) return ['unchanged', model];
  if (!isDeepStrictEqual(meant, after)) return ['landed', model.map((spot) => after[meant.indexOf(spot)] ?? spot)];
  return [(['held', 'superseded'] as const).find((one) => verdicts.includes(one)) ?? 'unchanged', model];
}

/** Returns the model without the holds that are over. */
export function endHolds(model: Model, now: Date): Model {
  const isOn = ([, { until }]: [string, Hold]): boolean => until === undefined || now < until;
  return model.map((spot) => ({ ...spot, holds: Object.fromEntries(Object.entries(spot.holds).filter(isOn)) }));
}

/** Returns the build that an image gets, or why it gets none, by the first rule that applies. */
function judge(spot: Spot, { kind, image: scope, images }: Wish, model: Model, facts: Facts): Verdict {
  const { environment, image, holds } = spot;
  const build = images?.get(image);
  if (kind === 'release' && scope !== '*' && '* manual' in holds) return 'refused';
  // a hold brings no build, and production gets its builds by promotion only
  if (build === undefined || (kind === 'release' && environment === 'production')) return 'unchanged';
  const isHeld = facts.isFrozen(environment) || isByHand(spot) || Object.keys(holds).length > 0;
  if (kind === 'deploy' && isHeld) return 'held';
  const isRun = model.some((one) => one.environment === 'staging' && one.image === image && runs(one, build.digest));
  if (kind === 'promotion' && (isHeld || !isRun)) return 'refused';
  return kind === 'rollback' ? build : order(build, newest(spot), facts.inputsOf(image));
}

/** A release covers every later commit of the same inputs: a build of a source before one of those is superseded. */
function order(build: Build, last: Release | undefined, inputs: Inputs): Verdict {
  const { digest, source } = build;
  if (!inputs.has(source)) return 'refused';
  // nothing is there, or nothing that the branch has
  if (last === undefined || !inputs.has(last.source)) return build;
  if (source < last.source) return 'superseded';
  if (digest === last.digest) return build;
  const covered = inputs.get(last.source);
  // of the same inputs: the build that another one replaced does not come back
  const wasReplaced = (one: Release | undefined): boolean =>
    one?.from !== undefined && inputs.get(one.source) === covered && (one.from === digest || wasReplaced(one.previous));
  // of other inputs: the release is what a later commit gives
  const isCovered = [...inputs].some(([later, what]) => later > source && what === covered);
  return (inputs.get(source) === covered ? wasReplaced(last) : isCovered) ? 'superseded' : build;
}

/** The newest release, or what a person accepted in its place as long as the overlay says that. */
const newest = ({ now, last, accepted }: Spot): Release | undefined => (accepted?.digest === now ? accepted : last);
const runs = (spot: Spot, digest: string | undefined) => spot.now === digest && newest(spot)?.digest === digest;
const isByHand = (spot: Spot): boolean => spot.last !== undefined && !runs(spot, spot.now);

function land(spot: Spot, build: Verdict | undefined): Spot {
  if (typeof build !== 'object' || build.digest === spot.now) return spot;
  const last = { ...build, from: spot.now, previous: spot.last };
  return { ...spot, now: build.digest, last, accepted: last };
}

/** Sets and ends holds, and accepts what a hand did. */
function settle(spot: Spot, { kind, image, images, reason, until }: Wish): Spot {
  const { holds, now, last } = spot;
  if (kind === 'hold') return { ...spot, holds: { ...holds, [`${image} manual`]: { reason, until } } };
  if (kind === 'rollback') return { ...spot, holds: { ...holds, [`${spot.image} rollback`]: { reason, until } } };
  if (kind !== 'release') return spot;
  if (last === undefined || !isByHand(spot)) return { ...spot, holds: {} };
  const build = images?.get(spot.image);
  return { ...spot, holds: {}, accepted: { ...last, ...(build?.digest === now ? build : { digest: now }) } };
}
