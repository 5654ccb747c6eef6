import type { Bearer } from '#lab/github/identity/tokens.ts';

/** Requests in an hour. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export interface RateLimits {
  /** Of one person, or of one installation of an App. */
  readonly user: number;
  /** Of all job tokens of a repository together. */
  readonly job: number;
}

/** GitHub's numbers. */
export const RATE_LIMITS: RateLimits = { user: 5000, job: 1000 };
const ANONYMOUS = 60;
const HOUR_SECONDS = 3600;

/** Requests of one bearer in this hour. */
export interface Rate {
  readonly limit: number;
  readonly used: number;
  /** When the hour is over, in seconds since 1970. */
  readonly reset: number;
  readonly isExceeded: boolean;
}

/** Counts requests. */
export interface Rates {
  take(bearer: Bearer | undefined): Rate;
  /** Takes a request back that GitHub does not count. */
  giveBack(bearer: Bearer | undefined): void;
}

/** Starts counting; an hour begins with its first request. */
export function createRates(limits: RateLimits, now: () => Date): Rates {
  const hours = new Map<string, { used: number; reset: number }>();
  const seconds = (): number => Math.floor(now().getTime() / 1000);
  const hourOf = (bearer: Bearer | undefined): { used: number; reset: number } => {
    const key = bearer === undefined ? 'anonymous' : nameOf(bearer);
    const known = hours.get(key);
    if (known !== undefined && known.reset > seconds()) return known;
    const hour = { used: 0, reset: seconds() + HOUR_SECONDS };
    hours.set(key, hour);
    return hour;
  };
  return {
    take: (bearer) => {
      const hour = hourOf(bearer);
      const limit = bearer === undefined ? ANONYMOUS : limits[nameOf(bearer) === JOBS ? 'job' : 'user'];
      const isExceeded = hour.used >= limit;
      hour.used = Math.min(hour.used + 1, limit);
      return { limit, used: hour.used, reset: hour.reset, isExceeded };
    },
    giveBack: (bearer) => {
      hourOf(bearer).used -= 1;
    },
  };
}

const JOBS = 'jobs';

/** Who shares an hour. */
function nameOf(bearer: Bearer): string {
  if (bearer.kind === 'user') return `user ${bearer.login}`;
  if (bearer.kind === 'app') return `app ${bearer.app.slug}`;
  return bearer.app === undefined ? JOBS : `installation ${bearer.app}`;
}

/** Returns the headers that tell a rate. */
export function rateHeaders({ limit, used, reset }: Rate): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(limit - used),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-resource': 'core',
    'x-ratelimit-used': String(used),
  };
}
