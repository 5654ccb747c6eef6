import type { Build, Builds, Intent } from '#core/release/intent.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** What an intent says, as far as its kind says it. */
export interface Wish {
  readonly kind: Intent['kind'];
  /** None means every one to which a push deploys. */
  readonly environment?: string;
  /** What is held or let go: an image, or `*` for all of them. */
  readonly image?: string;
  readonly images?: Builds;
  readonly reason: string;
  readonly until?: Date | undefined;
}

/** The inputs of an image at each commit of the branch. */
export type Inputs = ReadonlyMap<CommitSha, string | undefined>;

/** What the model reads of the world. */
export interface Facts {
  readonly now: Date;
  isFrozen(environment: string): boolean;
  inputsOf(image: string): Inputs;
}

/** A release, what the overlay said before it, and the release before it. */
export interface Release {
  readonly digest: Digest | undefined;
  readonly source: CommitSha;
  readonly from: Digest | undefined;
  readonly previous: Release | undefined;
}

/** Why a person holds, and until when: without an end until it is released. */
export interface Hold {
  readonly reason: string;
  readonly until: Date | undefined;
}

/** One image of one environment. */
export interface Spot {
  readonly environment: string;
  readonly image: string;
  /** What the overlay says. */
  readonly now: Digest | undefined;
  /** The newest release. */
  readonly last: Release | undefined;
  /** The newest release; with the digest that a hand wrote in its place, once a person accepted that. */
  readonly accepted: Release | undefined;
  /** By what is held, and how: `a manual`, `a rollback`, `* manual`. */
  readonly holds: Readonly<Record<string, Hold>>;
}

/** Every image of every environment. */
export type Model = readonly Spot[];

/** The build that an image gets, or why it gets none. */
export type Verdict = Build | 'refused' | 'held' | 'superseded' | 'unchanged';

/** What became of an intent. */
export type Answer = 'landed' | Exclude<Verdict, Build>;
