import type { FreezeConfig } from '#core/config/config.ts';
import { openZone, type Zone } from '#core/release/zone.ts';

/** A freeze that holds at a moment. */
export interface ActiveFreeze {
  readonly reason: string;
  readonly since: Date;
  /** The end of the freeze and of all that touch it: the first moment at which nothing is frozen. */
  readonly until: Date;
}

/** A time of one freeze: from its first moment to the first moment after it, in milliseconds. */
interface Window {
  readonly reason: string;
  readonly since: number;
  readonly until: number;
}

/** Returns the times of one freeze that a moment lies in. */
type WindowFinder = (moment: number) => Window[];

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WEEK = 7 * DAY;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** 1 January 1970 was a Thursday. */
const FIRST_MONDAY = 4 * DAY;
/** Freezes that follow one another without a gap are followed this far ahead. */
const FURTHEST = 366 * DAY;

/**
 * Returns the freeze that holds at a moment; undefined when none does. Of several, reason and beginning are those of
 * the one that ends last. The end is that of their union: freezes that overlap or touch are one. A union without an end
 * (weekly freezes that leave no time free) is followed for a year.
 */
export function findFreeze(freezes: readonly FreezeConfig[], now: Date): ActiveFreeze | undefined {
  const finders = freezes.map(createFinder);
  const findLast = (moment: number): Window | undefined => {
    const [first, ...others] = finders.flatMap((find) => find(moment));
    return first && others.reduce((last, window) => (window.until > last.until ? window : last), first);
  };
  const found = findLast(now.getTime());
  if (found === undefined) return undefined;
  let { until } = found;
  for (let next = findLast(until); next !== undefined && until - now.getTime() < FURTHEST; next = findLast(until)) {
    until = next.until;
  }
  return { reason: found.reason, since: new Date(found.since), until: new Date(until) };
}

function createFinder(freeze: FreezeConfig): WindowFinder {
  const zone = openZone(freeze.zone);
  if ('weekly' in freeze) return createWeeklyFinder(freeze.reason, freeze.weekly, zone);
  const [since, until] = [freeze.from, freeze.to].map((text) =>
    zone.momentOf(Date.parse(`${text.replace(' ', 'T')}Z`)),
  );
  if (since === undefined || until === undefined) return () => [];
  return (moment) => (since <= moment && moment < until ? [{ reason: freeze.reason, since, until }] : []);
}

/**
 * The freeze of the week before may still last, and clocks that go back over midnight can show the end of last week
 * again. Clocks go back by less than a day: what is a day away by the wall needs no closer look.
 */
function createWeeklyFinder(
  reason: string,
  weekly: { readonly from: string; readonly to: string },
  zone: Zone,
): WindowFinder {
  const from = readTimeOfWeek(weekly.from);
  const to = readTimeOfWeek(weekly.to);
  const end = to > from ? to : to + WEEK;
  return (moment) => {
    const wall = zone.wallAt(moment);
    const monday = wall - ((((wall - FIRST_MONDAY) % WEEK) + WEEK) % WEEK);
    return [monday - WEEK, monday, monday + WEEK]
      .filter((week) => wall >= week + from - DAY && wall < week + end + DAY)
      .map((week) => ({ reason, since: zone.momentOf(week + from), until: zone.momentOf(week + end) }))
      .filter(({ since, until }) => since <= moment && moment < until);
  };
}

/** Returns `fri 16:00` as milliseconds since Monday, 00:00. */
function readTimeOfWeek(text: string): number {
  const [day = '', time = ''] = text.split(' ');
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return DAYS.indexOf(day) * DAY + (hours * 60 + minutes) * MINUTE;
}
