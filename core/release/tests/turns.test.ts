import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { choosePace, isContended, isTurn, type Sight } from '#core/release/turns.ts';

const NOW = Date.parse('2026-01-02T12:00:00Z');
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID of a moment, as github.com/ulid/spec writes it. */
function ulidAt(moment: number, tail = 'A'): string {
  let [time, left] = ['', moment];
  for (let digit = 0; digit < 10; digit++) [time, left] = [`${DIGITS[left % 32]}${time}`, Math.floor(left / 32)];
  return time + tail.repeat(16);
}

const [oldest, middle, newest] = [ulidAt(NOW - 3_000), ulidAt(NOW - 2_000), ulidAt(NOW - 1_000)];
const seen = (more: Partial<Sight>): Sight => ({
  open: [middle, newest, oldest],
  own: middle,
  stillFor: 0,
  now: new Date(NOW),
  temper: 0.5,
  ...more,
});

test('a ULID of the test says its time: the example of the specification', () => {
  expect(ulidAt(1469918176385).slice(0, 10)).toBe('01ARYZ6S41');
});

describe('whose turn it is', () => {
  test('the oldest one folds, whatever the order in which they are seen', () => {
    expect([oldest, middle, newest].map((own) => isTurn(seen({ own })))).toEqual([true, false, false]);
    expect(isTurn(seen({ own: oldest, open: [oldest] }))).toBe(true);
  });

  test('one that was left behind is not waited for, and its writer may still fold', () => {
    const dead = ulidAt(NOW - 90_001);
    const alive = ulidAt(NOW - 90_000);
    expect(isTurn(seen({ own: oldest, open: [dead, oldest, newest] }))).toBe(true);
    expect(isTurn(seen({ own: oldest, open: [alive, oldest, newest] }))).toBe(false);
    expect(isTurn(seen({ own: dead, open: [dead, oldest] }))).toBe(true);
  });

  test('where nothing changes, each loses patience at its own time: after 4 to 10 seconds', () => {
    const waits = (temper: number, stillFor: number) => isTurn(seen({ own: newest, temper, stillFor }));
    expect([waits(0, 4_000), waits(0, 4_001)]).toEqual([false, true]);
    expect([waits(0.5, 7_000), waits(0.5, 7_001)]).toEqual([false, true]);
    expect([waits(1, 10_000), waits(1, 10_001)]).toEqual([false, true]);
  });

  test('of any that are open, one at least has the turn at once: nothing hangs', () => {
    const ids = fc.uniqueArray(fc.integer({ min: -300_000, max: 300_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ids, (ages) => {
        const open = ages.map((age) => ulidAt(NOW + age));
        const turns = open.filter((own) => isTurn(seen({ own, open })));
        expect(turns.length).toBeGreaterThan(0);
        const fresh = ages.filter((age) => age >= -90_000);
        expect(turns.filter((id) => fresh.some((age) => ulidAt(NOW + age) === id)).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test.each<[string, string[], boolean]>([
  ['nobody writes', [], false],
  ['only one that was left behind', [ulidAt(NOW - 90_001)], false],
  ['one that is fresh', [ulidAt(NOW - 90_001), ulidAt(NOW - 90_000)], true],
  ['one whose clock is ahead', [ulidAt(NOW + 60_000)], true],
])('contended: %s', (_name, open, expected) => {
  expect(isContended(open, new Date(NOW))).toBe(expected);
});

test('the more writers, the longer the pace: half of it at least, five seconds at most', () => {
  expect([choosePace(0, 0), choosePace(0, 1)]).toEqual([75, 150]);
  expect([choosePace(10, 0), choosePace(10, 1)]).toEqual([175, 350]);
  expect([choosePace(10_000, 0), choosePace(10_000, 1)]).toEqual([2_500, 5_000]);
});
