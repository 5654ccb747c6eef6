import type { Clock } from '#core/system/clock.ts';

/** How long and how patiently something is tried again. */
export interface RetryPolicy {
  readonly clock: Clock;
  /** A number from 0 (included) to 1: `Math.random`. */
  readonly random: () => number;
  /** No attempt begins later than this after the first one, in milliseconds. */
  readonly deadlineMs: number;
  /** The longest pause before the second attempt, in milliseconds; doubles with each further one. Default 250. */
  readonly firstPauseMs?: number;
  /** The longest pause at all, in milliseconds. Default 8000. */
  readonly longestPauseMs?: number;
}

/** What one attempt came to: an answer, or a reason to try again (and how long the other side asked us to wait). */
export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly reason: string; readonly pauseMs?: number };

/** The outcome of all attempts: the answer, or the last reason when the time was up. */
export type Tried<T> =
  | { readonly done: true; readonly value: T; readonly attempts: number }
  | { readonly done: false; readonly reason: string; readonly attempts: number };

/**
 * Calls `attempt` until it is done or the deadline would pass. Pauses are random between half of and the whole of a
 * doubling limit, so that clients that failed together do not come back together. What `attempt` throws is not caught.
 */
export async function retry<T>(
  policy: RetryPolicy,
  attempt: (count: number) => Promise<Attempt<T>>,
): Promise<Tried<T>> {
  const limit = policy.clock.now().getTime() + policy.deadlineMs;
  for (let attempts = 1; ; attempts++) {
    const result = await attempt(attempts);
    if (result.done) return { done: true, value: result.value, attempts };
    const pause = Math.max(result.pauseMs ?? 0, choosePause(policy, attempts));
    if (policy.clock.now().getTime() + pause > limit) return { done: false, reason: result.reason, attempts };
    await policy.clock.sleep(pause);
  }
}

function choosePause(policy: RetryPolicy, attempts: number): number {
  const ceiling = Math.min((policy.firstPauseMs ?? 250) * 2 ** (attempts - 1), policy.longestPauseMs ?? 8_000);
  return Math.round(ceiling * (0.5 + policy.random() / 2));
}
