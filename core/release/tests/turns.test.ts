import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { choosePace, choosePatience, isOverdue, timeOf } from '#core/release/turns.ts';

const NOW = Date.parse('2026-01-02T12:00:00Z');
const now = new Date(NOW);
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID of a moment, as github.com/ulid/spec writes it. */
function ulidAt(moment: number, tail = 'A'): string {
  let [time, left] = ['', moment];
  for (let digit = 0; digit < 10; digit++) [time, left] = [`${DIGITS[left % 32]}${time}`, Math.floor(left / 32)];
  return time + tail.repeat(16);
}

const [oldest, middle, newest] = [ulidAt(NOW - 3_000), ulidAt(NOW - 2_000), ulidAt(NOW - 1_000)];
test('a ULID of the test says its time: the example of the specification', () => {
  expect(ulidAt(1469918176385).slice(0, 10)).toBe('01ARYZ6S41');
});

describe('whose turn it is', () => {
  const open = [middle, newest, oldest];

  test('the oldest one folds at once, whatever the order in which they are seen', () => {
    expect([oldest, middle, newest].map((own) => choosePatience(own, open, 0.5, now))).toEqual([0, 10_000, 20_000]);
  });

  test('the seventh and all behind it take their places over a minute', () => {
    const many = Array.from({ length: 40 }, (_, index) => ulidAt(NOW + index));
    const last = many.at(-1) ?? '';
    expect(choosePatience(many[6] ?? '', many, 1, now)).toBe(60_000);
    expect([choosePatience(last, many, 0, now), choosePatience(last, many, 1, now)]).toEqual([60_000, 120_000]);
  });

  test('of any that are fresh, exactly one has the turn at once: nothing hangs, and no one is in the way', () => {
    const ids = fc.uniqueArray(fc.integer({ min: -90_000, max: 300_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ids, fc.float({ min: 0, max: 1, noNaN: true }), (ages, temper) => {
        const all = ages.map((age) => ulidAt(NOW + age));
        expect(all.filter((own) => choosePatience(own, all, temper, now) === 0)).toHaveLength(1);
      }),
    );
  });
});

test.each<[string, number, number]>([
  ['one that was left behind', 90_001, 0],
  ['one that is fresh', 90_000, 10_000],
])('%s is waited for as it should be', (_name, age, expected) => {
  const own = ulidAt(NOW);
  expect(choosePatience(own, [own, ulidAt(NOW - age)], 0.5, now)).toBe(expected);
});

test('the more writers, the longer the pace: half of it at least, eight seconds at most', () => {
  expect([choosePace(0, 0), choosePace(0, 1)]).toEqual([75, 150]);
  expect([choosePace(10, 0), choosePace(10, 1)]).toEqual([375, 750]);
  expect([choosePace(10_000, 0), choosePace(10_000, 1)]).toEqual([4_000, 8_000]);
});

test('an intent of yesterday is overdue', () => {
  const day = 24 * 3_600_000;
  expect([isOverdue(ulidAt(NOW - day), new Date(NOW)), isOverdue(ulidAt(NOW - day - 1), new Date(NOW))]).toEqual([
    false,
    true,
  ]);
  expect(timeOf(ulidAt(NOW))).toBe(NOW);
});
