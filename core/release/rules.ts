import type { LandedRelease } from '#core/release/trailer.ts';
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
  | { readonly is: 'older'; readonly winner: LandedRelease }
  /** Neither source contains the other, and one merge brought both to the branch. */
  | { readonly is: 'beside'; readonly deployed: LandedRelease; readonly merge: CommitSha };

/** What the rules are applied to, for one image of one environment at one head of the branch. */
export interface Situation {
  readonly wanted: Digest;
  /** What the overlay says now; undefined for a tag or nothing. */
  readonly current: Digest | undefined;
  readonly place: Place;
}

/** What happens to one image. */
export type Decision =
  | { readonly outcome: 'lands'; readonly note?: string }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'superseded'; readonly winner: LandedRelease }
  | { readonly outcome: 'refused'; readonly deployed: LandedRelease; readonly merge: CommitSha };

/**
 * Applies the rules of the design's section 6 in their order. An older build is superseded even with the same digest:
 * its run must name the release that won.
 */
export function decide({ wanted, current, place }: Situation): Decision {
  if (place.is === 'beside') return { outcome: 'refused', deployed: place.deployed, merge: place.merge };
  if (place.is === 'older') return { outcome: 'superseded', winner: place.winner };
  if (wanted === current) return { outcome: 'unchanged' };
  return place.is === 'newer' && place.note !== undefined
    ? { outcome: 'lands', note: place.note }
    : { outcome: 'lands' };
}

/** What became of an image, or of several: what was written counts most, then what was passed over. */
export type Outcome = 'landed' | 'unchanged' | 'superseded';

/** Returns the one outcome of several. */
export function summarizeOutcomes(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('landed')) return 'landed';
  return outcomes.includes('superseded') ? 'superseded' : 'unchanged';
}
