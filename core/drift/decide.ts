import type { Marked } from '#core/drift/marker.ts';

/** An issue of ours as it is on its page. */
export interface Present extends Marked {
  readonly number: number;
  /** Its id in GraphQL. */
  readonly node: string;
  readonly url: string;
  readonly isOpen: boolean;
}

/** Why an issue is told something in a comment. */
export type News = 'changed' | 'back' | 'gone' | undefined;

/** What is to be done next so that one issue is left and says the newest. */
export type Step =
  | { readonly do: 'open' }
  | {
      readonly do: 'write';
      readonly number: number;
      readonly text: string;
      readonly isOpen: boolean;
      readonly news: News;
    }
  /** A second one beside the oldest. */
  | { readonly do: 'retire'; readonly number: number; readonly oldest: number }
  | { readonly do: 'nothing'; readonly left: Present | undefined; readonly why: 'settled' | 'outdated' | 'by-hand' };

/**
 * Returns the next step. All runs that see the same issues choose the same: the oldest issue stays. What a later run, or
 * a later attempt, has found is newer. `past` are texts that the oldest issue had: a newer one among them was overwritten.
 *
 * | the oldest | it found | this run finds | |
 * |---|---|---|---|
 * | open | something | something | written again; a comment where the difference is of another kind |
 * | open | something | nothing | closed, with a comment |
 * | open | nothing (a person opened it again) | nothing | left open |
 * | closed | nothing | something | opened again, with a comment |
 * | closed | something (a person closed it) | the same | left closed |
 * | closed | something (a person closed it) | something else | opened again, with a comment |
 * | closed | something (a person closed it) | nothing | says so, without a comment |
 */
export function decide(present: readonly Present[], wanted: Marked, past: readonly Marked[] = []): Step {
  const [oldest, second] = [...present].sort((one, other) => one.number - other.number);
  if (oldest === undefined)
    return wanted.marker.difference === 'none' ? { do: 'nothing', left: undefined, why: 'settled' } : { do: 'open' };
  const newest = [...past, ...present].reduce<Marked>((best, next) => (isNewer(next, best) ? next : best), wanted);
  if (newest !== wanted && isNewer(newest, oldest)) return restore(oldest, newest);
  const step = newest === wanted ? follow(oldest, wanted) : leave(oldest, 'outdated');
  if (step.do === 'nothing' && second !== undefined)
    return { do: 'retire', number: second.number, oldest: oldest.number };
  return step;
}

/** True for what a later run wrote, or a later attempt of the same one. */
function isNewer({ marker: one }: Marked, { marker: other }: Marked): boolean {
  return one.run === other.run ? one.attempt > other.attempt : one.run > other.run;
}

/** A newer text that this run overwrote, or that is in a second issue, takes its place again. */
function restore({ number }: Present, { text, marker }: Marked): Step {
  return { do: 'write', number, text, isOpen: marker.difference !== 'none', news: undefined };
}

function follow(oldest: Present, wanted: Marked): Step {
  const { number, isOpen, marker: was } = oldest;
  const { text, marker: is } = wanted;
  const [found, finds] = [was.difference !== 'none', is.difference !== 'none'];
  if (!finds && !found) return leave(oldest, isOpen ? 'by-hand' : 'settled');
  if (!finds) return { do: 'write', number, text, isOpen: false, news: isOpen ? 'gone' : undefined };
  if (!isOpen && found && was.fingerprint === is.fingerprint) return leave(oldest, 'by-hand');
  if (!isOpen) return { do: 'write', number, text, isOpen: true, news: 'back' };
  if (oldest.text === text) return leave(oldest, 'settled');
  return { do: 'write', number, text, isOpen, news: found && was.difference !== is.difference ? 'changed' : undefined };
}

function leave(left: Present, why: 'settled' | 'outdated' | 'by-hand'): Step {
  return { do: 'nothing', left, why };
}
