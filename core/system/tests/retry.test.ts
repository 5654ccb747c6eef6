import { expect, test } from '@jest/globals';
import { retry } from '#core/system/retry.ts';
import { createTestClock } from '#tests/support/clock.ts';

test('pauses double, are never the whole same for two clients, and end before the deadline', async () => {
  const clock = createTestClock();
  const tried = await retry({ clock, random: () => 0, deadlineMs: 4_000, firstPauseMs: 1_000 }, async () => ({
    done: false,
    reason: 'down',
  }));
  expect(clock.slept).toEqual([500, 1_000, 2_000]);
  expect(tried).toEqual({ done: false, reason: 'down', attempts: 4 });
  const other = createTestClock();
  await retry({ clock: other, random: () => 1, deadlineMs: 4_000, firstPauseMs: 1_000 }, async () => ({
    done: false,
    reason: 'down',
  }));
  expect(other.slept).toEqual([1_000, 2_000]);
});

test('waits as long as the other side asks for, or not at all when that is too long', async () => {
  const clock = createTestClock();
  let count = 0;
  const tried = await retry({ clock, random: () => 0, deadlineMs: 10_000 }, async () =>
    ++count < 2 ? { done: false, reason: 'busy', pauseMs: 3_000 } : { done: true, value: count },
  );
  expect(tried).toEqual({ done: true, value: 2, attempts: 2 });
  expect(clock.slept).toEqual([3_000]);
  const late = await retry({ clock, random: () => 0, deadlineMs: 10_000 }, async () => ({
    done: false,
    reason: 'busy',
    pauseMs: 60_000,
  }));
  expect(late).toMatchObject({ done: false, attempts: 1 });
});

test('what is thrown is not tried again', async () => {
  const clock = createTestClock();
  const broken = retry({ clock, random: () => 0, deadlineMs: 10_000 }, () => Promise.reject(new Error('a bug')));
  await expect(broken).rejects.toThrow('a bug');
  expect(clock.slept).toEqual([]);
});
