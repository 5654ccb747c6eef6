const HOUR = 3_600_000;

/** The time of a place, by the zones that Intl knows. Wall times are in milliseconds, as if the place were in UTC. */
export interface Zone {
  /** Returns what the clocks of the place show at a moment. */
  readonly wallAt: (moment: number) => number;
  /**
   * Returns the first moment at which the clocks show a wall time or a later one. A time that is skipped, as in spring,
   * gives the first moment after the gap; one that comes twice, as in autumn, its first moment.
   */
  readonly momentOf: (wall: number) => number;
}

/** Returns a zone by its IANA name; throws a RangeError for a name that Intl does not know. */
export function openZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const wallAt = (moment: number): number => {
    const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    const [year = 0, month = 1, ...time] = (['year', 'month', 'day', 'hour', 'minute', 'second'] as const).map((type) =>
      parts.get(type),
    );
    const [day, hour, minute, second] = time;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((moment % 1000) + 1000) % 1000);
  };
  return { wallAt, momentOf: (wall) => findMoment(wallAt, wall) };
}

/** No place is further from UTC than 15 hours, and no place changes its clocks twice within 32 hours. */
function findMoment(wallAt: (moment: number) => number, wall: number): number {
  const offsetAt = (moment: number): number => wallAt(moment) - moment;
  const [early, late] = [wall - 16 * HOUR, wall + 16 * HOUR];
  const shown = [wall - offsetAt(early), wall - offsetAt(late)].filter((moment) => wallAt(moment) === wall);
  return shown.length > 0 ? Math.min(...shown) : findChange(offsetAt, early, late);
}

/** Returns the first moment with the later offset. */
function findChange(offsetAt: (moment: number) => number, early: number, late: number): number {
  const before = offsetAt(early);
  let [low, high] = [early, late];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
