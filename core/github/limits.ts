import { z } from 'zod';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { Refusal } from '#core/values/errors.ts';

/** A whole answer, parsed; `body` is undefined where an error carries no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Waiting for rate limits, all requests together. A job costs money while it waits. */
const LONGEST_WAIT_MS = 10 * 60_000;
/** "Otherwise, wait for at least one minute before retrying." */
const UNSTATED_WAIT_MS = 60_000;
/** A reset that lies in the past by this machine's clock is not a reason to ask at once. */
const SHORTEST_WAIT_MS = 1_000;

/** When the next request to one server may be sent with one token. */
export interface Turns {
  /** Waits until then; refuses when all waits together would be longer than ten minutes. */
  wait(): Promise<void>;
  /** True for an answer that is a rate limit: the request was not done, and may be sent again after the wait. */
  isLimit(answer: Answer): boolean;
}

/** Returns {@link Turns} whose first request may be sent at once. */
export function createTurns(clock: Clock, log: Log): Turns {
  let notBefore = 0;
  let waited = 0;
  const wait = async (): Promise<void> => {
    for (let left = notBefore - now(clock); left > 0; left = notBefore - now(clock)) {
      const until = new Date(notBefore).toISOString();
      waited += left;
      if (waited > LONGEST_WAIT_MS)
        throw new Refusal(
          `GitHub takes no more requests of this token before ${until} (rate limit), which is longer than this job waits; run it again after that, or see what else uses the token`,
        );
      log.info(`GitHub takes no more requests of this token before ${until}: waiting ${Math.ceil(left / 1000)} s`);
      await clock.sleep(left);
    }
  };
  const isLimit = (answer: Answer): boolean => {
    const until = readLimit(answer, now(clock));
    notBefore = Math.max(notBefore, until ?? 0);
    return until !== undefined;
  };
  return { wait, isLimit };
}

function now(clock: Clock): number {
  return clock.now().getTime();
}

const limited = z.object({
  message: z.string().optional(),
  errors: z.array(z.object({ type: z.string().optional(), message: z.string().optional() })).optional(),
});

/** Returns when the next request may be sent, in milliseconds since 1970; undefined where no limit was met. */
function readLimit({ status, headers, body }: Answer, at: number): number | undefined {
  const { message = '', errors = [] } = limited.safeParse(body).data ?? {};
  // GraphQL's limit is a 200; both names occur
  const isPrimary = errors.some(({ type }) => type === 'RATE_LIMITED' || type === 'RATE_LIMIT');
  // the message of a success is somebody's text: a commit's, for one
  const said = status === 200 ? errors.map((error) => error.message) : status === 403 ? [message] : [];
  const isSecondary = said.some((text = '') => /secondary rate limit/i.test(text));
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0' || isPrimary;
  const stated = [readRetryAfter(headers, at), isUsedUp ? readReset(headers) : undefined].filter(
    (time) => time !== undefined,
  );
  const isLimit = status === 429 || isPrimary || isSecondary || (status === 403 && stated.length > 0);
  if (!isLimit) return undefined;
  return Math.max(at + SHORTEST_WAIT_MS, ...(stated.length > 0 ? stated : [at + UNSTATED_WAIT_MS]));
}

/** Seconds, or a date. */
function readRetryAfter(headers: Headers, at: number): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const time = /^\d+$/.test(text) ? at + Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(time) ? time : undefined;
}

function readReset(headers: Headers): number | undefined {
  const text = headers.get('x-ratelimit-reset') ?? '';
  return /^\d+$/.test(text) ? Number(text) * 1000 : undefined;
}
