import type { Clock } from '#core/system/clock.ts';

/** A clock that only moves when somebody sleeps, and never really sleeps. */
export interface TestClock extends Clock {
  /** Every pause so far, in milliseconds. */
  readonly slept: readonly number[];
}

/** Returns a clock that stands at noon of 2 January 2030. */
export function createTestClock(): TestClock {
  const slept: number[] = [];
  let now = Date.UTC(2030, 0, 2, 12);
  return {
    slept,
    now: () => new Date(now),
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}
