import type { LandedRelease } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

/** Where a source commit stands towards the deployed release's source in git's ancestry. */
export type Relation = 'same' | 'newer' | 'older' | 'unrelated';

/** What the rules are applied to, for one image at one head of the branch. */
export interface Situation {
  readonly wanted: Digest;
  /** What the overlay says now; undefined for a tag or nothing. */
  readonly current: Digest | undefined;
  /** The newest release of the image in the environment; undefined when there was none yet. */
  readonly deployed: LandedRelease | undefined;
  /** The wanted source towards the deployed one; meaningless without a deployed release. */
  readonly relation: Relation;
  /** The newest source that was found to give what is deployed; undefined when none is recorded. */
  readonly seen: CommitSha | undefined;
  /** The wanted source towards the seen one. */
  readonly relationToSeen: Relation;
}

/** What happens to one image of a bump. `winner` is the release that is newer; `known` the commit that it landed in. */
export type Decision =
  | { readonly outcome: 'lands' }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'superseded'; readonly winner: LandedRelease }
  | { readonly outcome: 'refused'; readonly deployed: LandedRelease };

/**
 * Applies the rules of the design's section 6 in their order. Holds are to be asked before these.
 * An ancestor is superseded even with the same digest: its run must name the release that won.
 */
export function decide(situation: Situation): Decision {
  const { deployed, relation, wanted, current, seen, relationToSeen } = situation;
  if (deployed !== undefined && relation === 'older') return { outcome: 'superseded', winner: deployed };
  if (deployed !== undefined && relation === 'unrelated') return { outcome: 'refused', deployed };
  if (deployed !== undefined && seen !== undefined && relationToSeen === 'older') {
    return { outcome: 'superseded', winner: { ...deployed, source: seen } };
  }
  return wanted === current ? { outcome: 'unchanged' } : { outcome: 'lands' };
}

/** Returns the one outcome of several: what was written counts most, then what was passed over. */
export function summarizeOutcomes(
  outcomes: readonly ('landed' | 'unchanged' | 'superseded')[],
): 'landed' | 'unchanged' | 'superseded' {
  if (outcomes.includes('landed')) return 'landed';
  return outcomes.includes('superseded') ? 'superseded' : 'unchanged';
}
