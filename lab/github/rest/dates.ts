/**
 * Returns whether a time fits what a search asks for: `2026-11-24`, `>=2026-11-24`, `2026-11-01..2026-11-24`,
 * `2026-11-24T03:00:00Z..*`. What is not a date matches nothing.
 * https://docs.github.com/en/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax#query-for-dates
 */
export function matchesDates(asked: string, at: Date): boolean {
  const range = asked.split('..');
  if (range.length === 2) {
    const [from = '*', to = '*'] = range;
    return (from === '*' || at >= startOf(from)) && (to === '*' || at <= endOf(to));
  }
  const [, sign = '', date = ''] = asked.match(/^(>=|<=|>|<)?(.*)$/) ?? [];
  if (sign === '>') return at > endOf(date);
  if (sign === '>=') return at >= startOf(date);
  if (sign === '<') return at < startOf(date);
  if (sign === '<=') return at <= endOf(date);
  return at >= startOf(date) && at <= endOf(date);
}

function startOf(date: string): Date {
  return new Date(date);
}

/** A day ends with its last millisecond, a second likewise. */
function endOf(date: string): Date {
  const lengthMs = /^\d{4}-\d{2}-\d{2}$/.test(date) ? 86_400_000 : 1000;
  return new Date(startOf(date).getTime() + lengthMs - 1);
}
