import type { CommitSha, Digest } from '#core/values/reference.ts';

/** A build of an image: its digest, and the commit that it was built from. */
export interface Build {
  readonly digest: Digest;
  readonly source: CommitSha;
}

/** Builds by the name of their image. */
export type Builds = ReadonlyMap<string, Build>;

/** What every intent says: who wants it, from where, since when and why. */
interface Wanted {
  /** ULID, a new one for every run of a writer: it is how the writer finds its own commit again. */
  readonly id: string;
  /** Page of the workflow run. */
  readonly run: string;
  readonly actor: string;
  readonly at: Date;
  /** Empty where a push asked. */
  readonly reason: string;
}

/** Brings builds into environments; undefined for every environment that deploys on push. */
export interface DeployIntent extends Wanted {
  readonly kind: 'deploy';
  readonly environments: readonly string[] | undefined;
  readonly images: Builds;
  /** True when a person started the run (workflow_dispatch), which `deploys: by-hand` asks for. */
  readonly isByHand: boolean;
}

/** Lands releases again that ran before, and holds their images there. */
export interface RollbackIntent extends Wanted {
  readonly kind: 'rollback';
  readonly environment: string;
  readonly images: Builds;
  /** True where the registry did not answer and a person wanted it all the same. */
  readonly isUnchecked: boolean;
  /** The failed release that the pipeline takes back by itself; undefined where a person asked. */
  readonly failed?: FailedRelease;
}

/** A release that failed, and what must still be so where it is taken back without a person. */
export interface FailedRelease {
  readonly commit: CommitSha;
  /** The commit of each image's newest release when it was looked at: one that is newer by now stays. */
  readonly newest: ReadonlyMap<string, CommitSha>;
  /** From then on it is left to a person. */
  readonly until: Date;
}

/** Brings what one environment runs into the next one. */
export interface PromotionIntent extends Wanted {
  readonly kind: 'promotion';
  /** The one that receives. */
  readonly environment: string;
  readonly images: Builds;
}

/** Keeps automatic bumps away from an image, or from the whole environment (`*`). */
export interface HoldIntent extends Wanted {
  readonly kind: 'hold';
  readonly environment: string;
  readonly image: string;
  readonly until: Date | undefined;
}

/** Lets go of an image, or of everything that is held in the environment (`*`), and deploys what waits. */
export interface LiftIntent extends Wanted {
  readonly kind: 'release';
  readonly environment: string;
  readonly image: string;
  /** The newest source's build of each image in question, where the registry has one. */
  readonly images: Builds;
}

/** What a person or a push wants of one or more environments. What it changes, it changes in one commit. */
export type Intent = DeployIntent | RollbackIntent | PromotionIntent | HoldIntent | LiftIntent;
