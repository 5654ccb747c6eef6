import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FreezeConfig } from '#core/config/config.ts';
import { findFreeze } from '#core/release/freezes.ts';

const DAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MINUTE = 60_000;

function weekly(zone: string, from: string, to: string, reason = 'weekly'): FreezeConfig {
  return { reason, zone, weekly: { from, to } };
}

function dated(zone: string, from: string, to: string, reason = 'dated'): FreezeConfig {
  return { reason, zone, from, to };
}

/** `since until` of the freeze, in UTC by minutes; `free` when there is none. */
function spanAt(freezes: readonly FreezeConfig[], now: string): string {
  const found = findFreeze(freezes, new Date(now));
  if (found === undefined) return 'free';
  return [found.since, found.until].map((moment) => moment.toISOString().replace(':00.000Z', '')).join(' ');
}

describe('a freeze by the clocks of its zone', () => {
  const toronto = 'America/Toronto';
  const weekend = weekly(toronto, 'fri 16:00', 'mon 08:00');
  const night = (zone: string, from: string, to: string) => dated(zone, from, to);
  test.each<[string, FreezeConfig, string, string]>([
    ['UTC, before', weekly('UTC', 'fri 16:00', 'mon 08:00'), '2026-06-05T15:59:59.999Z', 'free'],
    [
      'UTC, begins',
      weekly('UTC', 'fri 16:00', 'mon 08:00'),
      '2026-06-05T16:00:00Z',
      '2026-06-05T16:00 2026-06-08T08:00',
    ],
    [
      'UTC, over Sunday',
      weekly('UTC', 'fri 16:00', 'mon 08:00'),
      '2026-06-08T07:59:59.999Z',
      '2026-06-05T16:00 2026-06-08T08:00',
    ],
    ['UTC, ends', weekly('UTC', 'fri 16:00', 'mon 08:00'), '2026-06-08T08:00:00Z', 'free'],
    [
      'a week without a wrap',
      weekly('UTC', 'mon 00:00', 'sun 23:59'),
      '2026-06-14T23:58:00Z',
      '2026-06-08T00:00 2026-06-14T23:59',
    ],
    [
      'all but a minute of a week',
      weekly('UTC', 'wed 12:00', 'wed 11:59'),
      '2026-06-10T11:58:00Z',
      '2026-06-03T12:00 2026-06-10T11:59',
    ],
    ['the minute that is left', weekly('UTC', 'wed 12:00', 'wed 11:59'), '2026-06-10T11:59:30Z', 'free'],
    ['Toronto, summer', weekend, '2026-06-07T12:00:00Z', '2026-06-05T20:00 2026-06-08T12:00'],
    ['Toronto, the clocks go forward', weekend, '2026-03-08T12:00:00Z', '2026-03-06T21:00 2026-03-09T12:00'],
    ['Toronto, the clocks go back', weekend, '2026-11-01T12:00:00Z', '2026-10-30T20:00 2026-11-02T13:00'],
    [
      'Toronto, begins at a time that is skipped',
      weekly(toronto, 'sun 02:30', 'sun 12:00'),
      '2026-03-08T07:00:00Z',
      '2026-03-08T07:00 2026-03-08T16:00',
    ],
    ['Toronto, not before the gap', weekly(toronto, 'sun 02:30', 'sun 12:00'), '2026-03-08T06:59:59Z', 'free'],
    [
      'Toronto, ends at a time that is skipped',
      weekly(toronto, 'sat 12:00', 'sun 02:30'),
      '2026-03-08T06:59:59Z',
      '2026-03-07T17:00 2026-03-08T07:00',
    ],
    [
      'Toronto, begins at a time that comes twice',
      weekly(toronto, 'sun 01:30', 'sun 12:00'),
      '2026-11-01T05:30:00Z',
      '2026-11-01T05:30 2026-11-01T17:00',
    ],
    [
      'Toronto, ends at a time that comes twice',
      weekly(toronto, 'sat 12:00', 'sun 01:30'),
      '2026-11-01T05:30:00Z',
      'free',
    ],
    [
      'Toronto, within the gap alone',
      night(toronto, '2026-03-08 02:10', '2026-03-08 02:50'),
      '2026-03-08T07:00:00Z',
      'free',
    ],
    [
      'Toronto, within the hour that comes twice',
      night(toronto, '2026-11-01 01:10', '2026-11-01 01:50'),
      '2026-11-01T06:20:00Z',
      'free',
    ],
    [
      "Toronto, over the year's end",
      night(toronto, '2026-12-20 00:00', '2027-01-04 08:00'),
      '2027-01-01T00:00:00Z',
      '2026-12-20T05:00 2027-01-04T13:00',
    ],
    [
      'Berlin, the clocks go forward',
      weekly('Europe/Berlin', 'sat 22:00', 'sun 02:30'),
      '2026-03-29T00:59:00Z',
      '2026-03-28T21:00 2026-03-29T01:00',
    ],
    [
      'Berlin, the clocks go back',
      weekly('Europe/Berlin', 'sun 02:30', 'mon 08:00'),
      '2026-10-25T00:30:00Z',
      '2026-10-25T00:30 2026-10-26T07:00',
    ],
    [
      "Berlin, a weekend over the year's end",
      weekly('Europe/Berlin', 'thu 18:00', 'mon 06:00'),
      '2027-01-01T00:00:00Z',
      '2026-12-31T17:00 2027-01-04T05:00',
    ],
    [
      'Kolkata, half an hour from the hour',
      weekly('Asia/Kolkata', 'fri 16:00', 'mon 08:00'),
      '2026-06-05T10:30:00Z',
      '2026-06-05T10:30 2026-06-08T02:30',
    ],
    [
      'Kolkata, Monday there and Sunday in UTC',
      weekly('Asia/Kolkata', 'mon 00:00', 'mon 08:00'),
      '2026-06-07T18:30:00Z',
      '2026-06-07T18:30 2026-06-08T02:30',
    ],
    [
      'Apia, a day that was skipped',
      night('Pacific/Apia', '2011-12-30 12:00', '2012-01-01 00:00'),
      '2011-12-30T10:00:00Z',
      '2011-12-30T10:00 2011-12-31T10:00',
    ],
    [
      'Lord Howe, half an hour that comes twice',
      weekly('Australia/Lord_Howe', 'sun 01:45', 'sun 12:00'),
      '2026-04-04T14:45:00Z',
      '2026-04-04T14:45 2026-04-05T01:30',
    ],
    [
      'St. John’s of 2006: clocks that went back over midnight',
      weekly('America/St_Johns', 'sun 00:00', 'sun 06:00'),
      '2006-10-29T03:00:00Z',
      '2006-10-29T02:30 2006-10-29T09:30',
    ],
  ])('%s', (_name, freeze, now, expected) => {
    expect(spanAt([freeze], now)).toBe(expected);
  });
});

describe('several freezes', () => {
  const now = '2026-06-06T00:00:00Z';
  const weekend = weekly('UTC', 'fri 16:00', 'mon 08:00', 'weekend');
  test.each<[string, FreezeConfig[], string]>([
    ['none', [], 'free'],
    [
      'one that touches the end',
      [weekend, dated('UTC', '2026-06-08 08:00', '2026-06-09 00:00')],
      '2026-06-05T16:00 2026-06-09T00:00',
    ],
    [
      'one that does not touch the end',
      [weekend, dated('UTC', '2026-06-08 08:01', '2026-06-09 00:00')],
      '2026-06-05T16:00 2026-06-08T08:00',
    ],
    [
      'one that leads to the next weekend',
      [dated('UTC', '2026-06-07 00:00', '2026-06-12 17:00'), weekend],
      '2026-06-05T16:00 2026-06-15T08:00',
    ],
    [
      'one by another clock',
      [weekend, dated('America/Toronto', '2026-06-08 04:00', '2026-06-09 00:00')],
      '2026-06-05T16:00 2026-06-09T04:00',
    ],
    [
      'one within the other',
      [dated('UTC', '2026-06-05 23:00', '2026-06-06 01:00'), weekend],
      '2026-06-05T16:00 2026-06-08T08:00',
    ],
  ])('%s', (_name, freezes, expected) => {
    expect(spanAt(freezes, now)).toBe(expected);
  });
  test('the reason is that of the freeze that ends last', () => {
    const short = dated('UTC', '2026-06-05 23:00', '2026-06-06 01:00', 'short');
    expect(findFreeze([short, weekend], new Date(now))?.reason).toBe('weekend');
  });
  test('that leave no time free are followed for a year', () => {
    const always = [weekend, weekly('UTC', 'mon 08:00', 'fri 16:00')];
    const days = ((findFreeze(always, new Date(now))?.until.getTime() ?? 0) - Date.parse(now)) / 86_400_000;
    expect(days).toBeGreaterThanOrEqual(366);
    expect(days).toBeLessThan(374);
  });
});

/** Three weeks of a place, minute by minute: what its clocks show, in a form whose order is that of time. */
interface Walk {
  readonly zone: string;
  readonly start: number;
  readonly walls: readonly string[];
  /** What {@link firstMinute} has found before. */
  readonly firsts: Map<string, number>;
}

function walk(zone: string, middle: string): Walk {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const start = Date.parse(`${middle}T00:00:00Z`) - 15_120 * MINUTE;
  const walls = Array.from({ length: 30_240 }, (_, minute) => format.format(start + minute * MINUTE));
  return { zone, start, walls, firsts: new Map() };
}

/** The first minute at which the clocks show a time or a later one. */
function firstMinute({ walls, firsts }: Walk, wall: string): number {
  const known = firsts.get(wall) ?? walls.findIndex((shown) => shown >= wall);
  firsts.set(wall, known);
  return known === -1 ? walls.length : known;
}

/** True for each minute that a freeze covers. */
function cover(on: Walk, freeze: FreezeConfig): boolean[] {
  const covered = on.walls.map(() => false);
  if (!('weekly' in freeze)) return covered.fill(true, firstMinute(on, freeze.from), firstMinute(on, freeze.to));
  const [fromDay = '', fromTime = ''] = freeze.weekly.from.split(' ');
  const [toDay = '', toTime = ''] = freeze.weekly.to.split(' ');
  const dates = Array.from({ length: 50 }, (_, day) => new Date(on.start + (day - 10) * 1440 * MINUTE));
  for (const date of dates) {
    if (DAYS[(date.getUTCDay() + 6) % 7] !== fromDay) continue;
    const next = (day: number): string => new Date(date.getTime() + day * 1440 * MINUTE).toISOString().slice(0, 10);
    const days = (DAYS.indexOf(toDay) - DAYS.indexOf(fromDay) + 7) % 7;
    const length = days === 0 && toTime < fromTime ? 7 : days;
    covered.fill(true, firstMinute(on, `${next(0)} ${fromTime}`), firstMinute(on, `${next(length)} ${toTime}`));
  }
  return covered;
}

const walks = [
  walk('America/Toronto', '2026-03-08'),
  walk('America/Toronto', '2026-11-01'),
  walk('Europe/Berlin', '2026-03-29'),
  walk('Europe/Berlin', '2026-10-25'),
  walk('Asia/Kolkata', '2027-01-01'),
  walk('UTC', '2026-12-31'),
  walk('Australia/Lord_Howe', '2026-04-04'),
  walk('America/St_Johns', '2006-10-29'),
];
const time = fc.tuple(fc.nat(23), fc.constantFrom(0, 1, 10, 30, 59)).map((parts) => {
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
});
const timeOfWeek = fc.tuple(
  fc.constantFrom(...DAYS, 'sun', 'sun'),
  fc.oneof(time, fc.constantFrom('00:00', '01:30', '02:30')),
);
/** Days from the middle of the walk: far enough from its ends that no freeze begins before it. */
const local = fc.tuple(fc.integer({ min: -5, max: 5 }), time);

test('random freezes are what a walk over every minute gives', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...walks),
      fc.array(fc.oneof(fc.tuple(timeOfWeek, timeOfWeek), fc.tuple(local, local)), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: -4 * 1440, max: 4 * 1440 }), { minLength: 10, maxLength: 10 }),
      (on, drawn, minutes) => {
        const middle = on.start + 15_120 * MINUTE;
        const write = ([day, clock]: readonly [number | string, string]): string =>
          typeof day === 'string'
            ? `${day} ${clock}`
            : `${new Date(middle + day * 1440 * MINUTE).toISOString().slice(0, 10)} ${clock}`;
        const freezes = drawn.flatMap(([one, other]) => {
          const [from, to] = [write(one), write(other)];
          if (typeof one[0] === 'string') return from === to ? [] : [weekly(on.zone, from, to)];
          return from < to ? [dated(on.zone, from, to)] : [];
        });
        const covered = freezes.map((freeze) => cover(on, freeze));
        const isFrozen = on.walls.map((_, minute) => covered.some((one) => one[minute]));
        for (const minute of minutes.map((drawnMinute) => drawnMinute + 15_120)) {
          const found = findFreeze(freezes, new Date(on.start + minute * MINUTE));
          expect(found !== undefined).toBe(isFrozen[minute]);
          if (found === undefined) continue;
          const end = isFrozen.indexOf(false, minute);
          const until = (found.until.getTime() - on.start) / MINUTE;
          if (end >= 0 && end < on.walls.length - 1440) expect(until).toBe(end);
          else expect(until).toBeGreaterThanOrEqual(on.walls.length - 1440);
        }
      },
    ),
    { numRuns: 100 },
  );
});
