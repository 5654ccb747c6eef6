import type { Config, EnvironmentConfig, Via } from '#core/config/config.ts';
import type { Hold } from '#core/release/holds.ts';
import type { Build } from '#core/release/intent.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { ExpectedError } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** Where the wanted build comes in the order of an image's builds in an environment, beside what is deployed. */
export type Place =
  /** No release of the image in the environment is believed: anything is newer. */
  | { readonly is: 'first' }
  /** Built from a newer source than the deployed one. `note` says what a person should know of it. */
  | { readonly is: 'newer'; readonly note?: string }
  /** Built from the same inputs as the deployed release, and not replaced by it. */
  | { readonly is: 'rebuilt' }
  /** Older than the release that is deployed; `winner` names it with the newest source that it covers. */
  | { readonly is: 'older'; readonly winner: DeployedRelease }
  /** Neither source contains the other, and one merge brought both to the branch. */
  | { readonly is: 'beside'; readonly deployed: DeployedRelease; readonly merge: CommitSha }
  /** The branch does not have the source; `exists` where the repository has it. */
  | { readonly is: 'absent'; readonly exists: boolean };

/** A release that an environment runs; without a commit when the commit that lands it is being decided on. */
export type DeployedRelease = Omit<LandedRelease, 'commit'> & { readonly commit: CommitSha | undefined };

/** Why automatic bumps leave an image alone. `commit` is the hand's own, where a change by hand is the reason. */
export type Binding = Pick<Hold, 'kind' | 'reason' | 'by' | 'since' | 'until'> & {
  readonly commit?: CommitSha;
  /** The pull request that was closed without being merged, or has commits of others, where that is the reason. */
  readonly pull?: number;
};

/** What intents are decided on: the environments in question, at one head of the branch and one moment. */
export interface State {
  readonly now: Date;
  readonly config: Config;
  /** How what is decided reaches the branch; by a push where it is not given. */
  readonly via?: Via;
  /** Digests that a person turned down, by closing the pull request that proposed them. */
  readonly turnedDown?: ReadonlyMap<Digest, Binding>;
  readonly environments: ReadonlyMap<string, EnvironmentState>;
}

/** One environment: what its overlay and its hold file say. */
export interface EnvironmentState {
  readonly config: EnvironmentConfig;
  /** Why its overlay or its hold file cannot be read: then everything is refused. */
  readonly fault: ExpectedError | undefined;
  /** The freeze of slipway.yaml that is on now. */
  readonly freeze: Binding | undefined;
  /** The entries of holds.yaml that have not expired. */
  readonly holds: readonly Hold[];
  readonly images: ReadonlyMap<string, ImageState>;
}

/** One image of an environment. */
export interface ImageState {
  /** What the overlay says; undefined for a tag or nothing. */
  readonly current: Digest | undefined;
  /** False for an image that the overlay neither lists nor uses. */
  readonly isUsed: boolean;
  /** The newest believed release; undefined where none is. */
  readonly release: DeployedRelease | undefined;
  /** The change by hand that the overlay stays at. */
  readonly hand: Binding | undefined;
}

/** What the branch says of the order of builds. */
export interface Order {
  /** Returns where a build comes beside the deployed release; undefined where that was not read yet. */
  place(question: PlaceQuestion): Place | undefined;
  /** Returns how far below the head the line's commit is that has a source, or brought it; larger is older. */
  depth(source: Build['source']): number;
}

/** Where does this build come? */
export interface PlaceQuestion {
  readonly environment: string;
  readonly image: string;
  readonly build: Build;
  readonly deployed: DeployedRelease | undefined;
}
