/** How long a writer waits before it looks again, in milliseconds: a moment, and longer the more writers there are. */
const PACE = { base: 150, perIntent: 60, longest: 8_000 } as const;
/**
 * How long nothing may change before the writer behind the one whose turn it is folds, in milliseconds: twice as long for
 * the second behind it, and so on; all behind the last rank spread over one more of it.
 */
const PATIENCE = { perRank: 10_000, lastRank: 6 } as const;
/** An intent older than this was left behind: its writer is not waited for. */
const LEFT_BEHIND = 90_000;

/** An intent older than this is dropped: no one waits for it any more. */
const OVERDUE = 24 * 3_600_000;

/**
 * Returns how long nothing must have changed before it is this writer's turn to fold all open intents, in milliseconds.
 * The oldest intent's writer folds at once. Where it died, the next oldest takes its place, and so on: were all to lose
 * their patience together, they would take each other's time. Two who fold at once do no harm: one push wins.
 * `temper` is between 0 and 1, the writer's own.
 */
export function choosePatience(own: string, open: readonly string[], temper: number, now: Date): number {
  const rank = open.filter((id) => id < own && !isLeftBehind(id, now)).length;
  const spread = rank > PATIENCE.lastRank ? temper : 0;
  return PATIENCE.perRank * (Math.min(rank, PATIENCE.lastRank) * (1 + spread));
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

/** True for an intent that no one expects to land any more: what was wanted yesterday may be wrong today. */
export function isOverdue(id: string, now: Date): boolean {
  return now.getTime() - timeOf(id) > OVERDUE;
}

/** Returns the time of a ULID: ten digits of Crockford's base 32, milliseconds since 1970 (github.com/ulid/spec). */
export function timeOf(id: string): number {
  return [...id.slice(0, 10)].reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0);
}
