import type { EnvironmentConfig } from '#core/config/config.ts';
import type { Hold } from '#core/release/holds.ts';
import type { Build, FailedRelease } from '#core/release/intent.ts';
import type { Binding, DeployedRelease, ImageState, Place, State } from '#core/release/state.ts';
import { type ExpectedError, InputError, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** What the rules are applied to, for one image of one environment at one head of the branch. */
export interface Situation {
  readonly environment: Pick<EnvironmentConfig, 'name' | 'from'>;
  readonly image: string;
  readonly wanted: Build;
  /** What the overlay says now; undefined for a tag or nothing. */
  readonly current: Digest | undefined;
  readonly binding: Binding | undefined;
  /** Asked only where the order matters: the answer costs requests. */
  readonly place: () => Place;
}

/** What happens to one image. */
export type Decision =
  | { readonly outcome: 'landed'; readonly note?: string }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'superseded'; readonly winner: DeployedRelease }
  | { readonly outcome: 'held'; readonly hold: Binding }
  | { readonly outcome: 'refused'; readonly refusal: ExpectedError };

/**
 * What a push or the pipeline itself brings. The rules of the design's section 6 in their order: what is held stays;
 * an older build is superseded even with the same digest, since its run must name the release that won.
 */
export function decideDeploy(situation: Situation): Decision {
  return situation.binding === undefined ? decideByOrder(situation) : { outcome: 'held', hold: situation.binding };
}

/** What a person takes back: it lands on whatever is there, held or not, older or not. */
export function decideRollback({ wanted, current }: Situation): Decision {
  return wanted.digest === current ? { outcome: 'unchanged' } : { outcome: 'landed' };
}

/** What a person brings on from the environment before: what is held is refused, since its run would be green. */
export function decidePromotion(situation: Situation): Decision {
  const { binding, environment, image } = situation;
  if (binding === undefined) return decideByOrder(situation);
  const refusal = new Refusal(
    `environment: ${environment.name}/${image} is held (${describeBinding(binding)}); release it first: ${adviseRelease(environment.name)}`,
  );
  return { outcome: 'refused', refusal };
}

/** What deploys when a hold ends: the order decides, whatever held it before. */
export function decideByOrder({ environment, image, wanted, current, ...situation }: Situation): Decision {
  const place = situation.place();
  switch (place.is) {
    case 'absent':
      return decideAbsent(wanted, place.exists);
    case 'beside': {
      const { deployed, merge } = place;
      const sentence = `source-sha: ${wanted.source} is neither before nor after ${deployed.source}, from which ${environment.name}/${image} was released in ${deployed.commit ?? 'this very commit'}: one merge brought both; deploy that merge, ${merge}`;
      return { outcome: 'refused', refusal: new Refusal(sentence) };
    }
    case 'older':
      return { outcome: 'superseded', winner: place.winner };
    case 'first':
    case 'newer':
    case 'rebuilt': {
      if (wanted.digest === current) return { outcome: 'unchanged' };
      return place.is === 'newer' && place.note !== undefined
        ? { outcome: 'landed', note: place.note }
        : { outcome: 'landed' };
    }
  }
}

function decideAbsent(wanted: Build, exists: boolean): Decision {
  const sentence = exists
    ? `source-sha: ${wanted.source} is not on the branch: it was never merged, or was pushed away; deploy a commit that the branch has`
    : `source-sha: the repository has no commit ${wanted.source}; push it, or give the commit that the images were built from`;
  return { outcome: 'refused', refusal: new Refusal(sentence) };
}

/** Refuses a deploy of images that no overlay in question uses. */
export function refuseUnused(
  images: Iterable<string>,
  used: ReadonlySet<string>,
  environments: readonly { readonly name: string }[],
  input = 'images',
): void {
  const unused = [...images].find((image) => !used.has(image));
  if (unused === undefined) return;
  const names = environments.map(({ name }) => name).join(', ');
  throw new InputError(input, unused, `is used by no overlay of ${names}; add it to a base, or take it out here`);
}

/** Refuses a promotion of what the environment before does not run, or did not get from this pipeline. */
export function refuseDrifted(
  before: Pick<ImageState, 'current' | 'release' | 'hand'>,
  { name, from }: Pick<EnvironmentConfig, 'name' | 'from'>,
  image: string,
  build: Build,
): void {
  if (before.hand !== undefined) {
    throw new Refusal(
      `environment: ${from}/${image} was not landed by this pipeline (${describeBinding(before.hand)}); release it in ${from} first: ${adviseRelease(from)}`,
    );
  }
  if (before.release === undefined || before.current !== build.digest) {
    throw new Refusal(
      `environment: ${from}/${image} is at ${before.current ?? 'no digest'} by now, and no longer at ${build.digest}; promote to ${name} again`,
    );
  }
}

/**
 * Refuses to take a failed release back without a person where slipway.yaml does not ask for that (any more), and where
 * it failed too long ago. What a pull request proposes waits for a person anyway.
 */
export function refuseLate(
  { commit, until }: FailedRelease,
  { name, 'on-failure': way }: Pick<EnvironmentConfig, 'name' | 'on-failure'>,
  { now, via }: Pick<State, 'now' | 'via'>,
): void {
  const what = `environment: ${name} is not rolled back from ${commit.slice(0, 7)} by itself`;
  const remedy = `roll it back yourself: workflow Rollback, or at a terminal: npm run -s slipway -- rollback ${name} --to proven --reason "why"`;
  if (way !== 'rollback') throw new Refusal(`${what} (slipway.yaml, on-failure: ${way}); ${remedy}`);
  if (via !== 'pull-request' && now > until)
    throw new Refusal(`${what} after ${toMinute(until)}: by then a person may be at work; ${remedy}`);
}

/** Refuses to let go of one image where the whole environment is held. */
export function refuseLiftOfOne(holds: readonly Hold[], { name }: { readonly name: string }, image: string): void {
  const whole = holds.find((hold) => hold.image === '*');
  if (whole === undefined) return;
  throw new Refusal(
    `image: ${name}/${image} is held with the whole environment (${describeBinding(whole)}); release the environment, without an image`,
  );
}

/** Refuses to accept a change by hand that left no digest, where no build takes its place. */
export function refuseUnnamed({ current, hand }: ImageState, environment: string, image: string): void {
  if (current !== undefined || hand === undefined) return;
  const commit = hand.commit?.slice(0, 7) ?? 'the change by hand';
  throw new Refusal(
    `image: ${environment}/${image} has no digest (${describeBinding(hand)}), and no build takes its place; revert ${commit}, or write a digest into the overlay`,
  );
}

/** Returns how a person lets go of what is held in an environment, by a workflow and at a terminal. */
export function adviseRelease(environment: string | undefined): string {
  return `workflow Hold with action release, or at a terminal: npm run -s slipway -- release ${environment ?? 'ENVIRONMENT'} --reason "why"`;
}

/** Returns a hold in the words of a sentence: its kind, who, since when, why, until when. */
export function describeBinding({ kind, by, since, reason, until, commit, pull }: Binding): string {
  if (pull !== undefined) return `${reason}, ${toMinute(since)}`;
  const how = commit === undefined ? kind : `changed by hand in ${commit.slice(0, 7)}`;
  const end = until === undefined ? '' : `, until ${toMinute(until)}`;
  return `${how}, by ${by} since ${toMinute(since)}${end}: ${reason}`;
}

/** Returns a time to the minute. */
export function toMinute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** What became of an image, or of several: what was written counts most, then what was passed over. */
export type Outcome = 'landed' | 'proposed' | 'held' | 'superseded' | 'unchanged';

/** Returns the one outcome of several. */
export function summarizeOutcomes(outcomes: readonly Outcome[]): Outcome {
  return (
    (['landed', 'proposed', 'held', 'superseded'] as const).find((outcome) => outcomes.includes(outcome)) ?? 'unchanged'
  );
}
