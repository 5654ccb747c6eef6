/** How long a writer waits before it looks again, in milliseconds: a moment, and longer the more writers there are. */
const PACE = { base: 150, perIntent: 20, longest: 5_000 } as const;
/** How long the branch and the intents may stay as they are before somebody else than the oldest writer folds them. */
const PATIENCE = { least: 4_000, spread: 6_000 } as const;
/** An intent older than this was left behind: its writer is not waited for. */
const LEFT_BEHIND = 90_000;

/** An intent older than this is refused: nobody waits for it any more. */
const OVERDUE = 24 * 3_600_000;

/** What a waiting writer sees. */
export interface Sight {
  /** ULIDs of the open intents, its own among them. */
  readonly open: readonly string[];
  readonly own: string;
  /** How long nothing has changed, in milliseconds. */
  readonly stillFor: number;
  readonly now: Date;
  /** Between 0 and 1, the writer's own and the same at every look: not all lose their patience at once. */
  readonly temper: number;
}

/**
 * True when it is this writer's turn to fold all open intents: the oldest one's writer does, since its intent has waited
 * longest. Where that writer died, another one loses its patience. Two who fold at once do no harm: one push wins.
 */
export function isTurn({ open, own, stillFor, now, temper }: Sight): boolean {
  const waiting = open.filter((id) => id === own || !isLeftBehind(id, now)).sort();
  return waiting[0] === own || hasLostPatience(stillFor, temper);
}

/** True when nothing has changed for too long, in milliseconds: the writer whose turn it is must have died. */
export function hasLostPatience(stillFor: number, temper: number): boolean {
  return stillFor > PATIENCE.least + temper * PATIENCE.spread;
}

/** True when others write at this moment: then a push would lose, and an intent is published at once. */
export function isContended(open: readonly string[], now: Date): boolean {
  return open.some((id) => !isLeftBehind(id, now));
}

/** Returns how long to wait before the next look, in milliseconds. */
export function choosePace(open: number, random: number): number {
  const longest = Math.min(PACE.longest, PACE.base + PACE.perIntent * open);
  return Math.round(longest * (0.5 + random / 2));
}

function isLeftBehind(id: string, now: Date): boolean {
  return now.getTime() - timeOf(id) > LEFT_BEHIND;
}

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** True for an intent that nobody expects to land any more: what was wanted yesterday may be wrong today. */
export function isOverdue(id: string, now: Date): boolean {
  return now.getTime() - timeOf(id) > OVERDUE;
}

/** Returns the time of a ULID: ten digits of Crockford's base 32, milliseconds since 1970 (github.com/ulid/spec). */
export function timeOf(id: string): number {
  return [...id.slice(0, 10)].reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0);
}
