import { bodyOf, type Marked } from '#core/github/marker.ts';

/** A comment of ours as it is on the page. */
export interface Present extends Marked {
  readonly id: number;
  /** Its id in GraphQL. */
  readonly node: string;
  readonly url: string;
}

/** What is to be done next so that one comment is left and has the newest text. */
export type Step =
  | { readonly do: 'create'; readonly text: string }
  | { readonly do: 'update'; readonly id: number; readonly text: string }
  | { readonly do: 'remove'; readonly id: number }
  /** One is left; `isWanted` says whether its text is the wanted one. */
  | { readonly do: 'nothing'; readonly left: Present | undefined; readonly isWanted: boolean };

/**
 * Returns the next step. All runs that see the same comments choose the same: the oldest comment stays, and takes the
 * newest text. Newer is what is about the pull request's present head, then a later run, then a later attempt, then a
 * text that is marked as stale. `past` are texts that the oldest one had: a newer one among them was overwritten.
 */
export function elect(
  present: readonly Present[],
  wanted: Marked | undefined,
  head: string,
  past: readonly Marked[] = [],
): Step {
  const [oldest, ...others] = [...present].sort((one, other) => one.id - other.id);
  const best = [...past, ...present, ...(wanted === undefined ? [] : [wanted])].reduce<Marked | undefined>(
    (newest, next) => (newest === undefined || compare(next, newest, head) >= 0 ? next : newest),
    undefined,
  );
  if (best === undefined) return { do: 'nothing', left: undefined, isWanted: wanted === undefined };
  if (oldest === undefined) return { do: 'create', text: best.text };
  if (!saysTheSame(oldest, best)) return { do: 'update', id: oldest.id, text: best.text };
  if (others[0] !== undefined) return { do: 'remove', id: others[0].id };
  return { do: 'nothing', left: oldest, isWanted: wanted === undefined || best === wanted };
}

/** Returns a number above 0 where `one` is newer, below 0 where it is older. */
function compare(one: Marked, other: Marked, head: string): number {
  const rank = ({ marker }: Marked): number[] => [
    marker.head === head ? 1 : 0,
    marker.run,
    marker.attempt,
    marker.stale === undefined ? 0 : 1,
  ];
  const [left, right] = [rank(one), rank(other)];
  const differing = left.findIndex((value, index) => value !== right[index]);
  return (left[differing] ?? 0) - (right[differing] ?? 0);
}

/** Which run wrote a text that is otherwise the same is not worth an edit. */
function saysTheSame(one: Marked, other: Marked): boolean {
  const meaning = (marked: Marked): string => {
    const { head, verdict, fault, plans, plannedAt, stale } = marked.marker;
    return JSON.stringify([head, verdict, fault, plans, plannedAt, stale, bodyOf(marked)]);
  };
  return meaning(one) === meaning(other);
}
