import { InputError } from '#core/values/errors.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const FURTHEST = 366 * 86_400_000;

/** Returns the end of a hold: a time of ISO 8601 with its zone, or minutes, hours or days from now on (90m, 8h, 3d). */
export function parseUntil(input: string, text: string, now: Date): Date {
  const until = readSpan(text, now) ?? readTime(text);
  if (until === undefined || Number.isNaN(until.getTime())) {
    throw new InputError(
      input,
      text,
      'is neither a time with its zone (2026-12-24T18:00:00Z) nor a span (90m, 8h, 3d): write one of them',
    );
  }
  if (until <= now) throw new InputError(input, text, `is over already: it is ${now.toISOString().slice(0, 16)}Z`);
  if (until.getTime() - now.getTime() > FURTHEST) {
    throw new InputError(input, text, 'is more than a year away: leave it empty to hold until a person lets go');
  }
  return until;
}

function readSpan(text: string, now: Date): Date | undefined {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : new Date(now.getTime() + Number(count) * (UNITS[unit ?? ''] ?? 0));
}

function readTime(text: string): Date | undefined {
  const form = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (form === null) return undefined;
  // Date takes 31 February for 3 March
  const day = new Date(`${form[1]}T00:00:00Z`);
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(form[1] ?? '');
  return isDay ? new Date(text) : undefined;
}
