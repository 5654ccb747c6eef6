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

/** Returns a clock that jumps over its pauses: between them it stands at `start`, or goes with the machine's. */
export function createJumpingClock(start?: number): Clock {
  let ahead = 0;
  return {
    now: () => new Date((start ?? Date.now()) + ahead),
    sleep: async (milliseconds) => {
      ahead += milliseconds;
    },
  };
}

/** Gives ports a clock that jumps over its pauses: what a writer waits for costs no time. */
export function jumpOverPauses<Ports extends { readonly clock: Clock }>(ports: Ports): Ports {
  return { ...ports, clock: createJumpingClock() };
}
