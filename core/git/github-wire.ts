import { z } from 'zod';
import { isLoopback } from '#core/registry/host.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { describeError, InputError, Refusal } from '#core/values/errors.ts';

/** A repository on GitHub, and what talking about it needs of the world. */
export interface GitHubOptions {
  /** `https://api.github.com`, or `<server>/api/v3`: the runner's GITHUB_API_URL. */
  readonly apiUrl: string;
  /** `https://api.github.com/graphql`: the runner's GITHUB_GRAPHQL_URL. The same server as {@link apiUrl}. */
  readonly graphqlUrl: string;
  /** owner/name. */
  readonly repository: string;
  readonly token: string;
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch;
  /** Default: Math.random. */
  readonly random?: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A whole answer, parsed; `body` is undefined where an error carries no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** No usable answer: what was asked for may have been done. */
export interface Lost {
  readonly lost: string;
}

/** Sends one request. A rate limit is waited for; everything else is one attempt. */
export type Wire = (method: 'GET' | 'POST', url: string, body?: unknown) => Promise<Answer | Lost>;

/** GitHub ends a request after 10 s. */
const ATTEMPT_MS = 20_000;
/** Waiting for rate limits, all requests together. A job costs money while it waits. */
const LONGEST_WAIT_MS = 10 * 60_000;
/** "Otherwise, wait for at least one minute before retrying." */
const UNSTATED_WAIT_MS = 60_000;
/** A reset that lies in the past by this machine's clock is not a reason to ask at once. */
const SHORTEST_WAIT_MS = 1_000;

/**
 * Returns a {@link Wire} to one server. No request is sent before the time that the server states, the token goes to
 * this server only, and no message shows it. Refuses when the wait would be longer than ten minutes.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function createWire(options: GitHubOptions): Wire {
  const { clock, log } = options;
  checkAddresses(options);
  let notBefore = 0;
  let waited = 0;
  const waitForTurn = async (): Promise<void> => {
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
  return async (method, url, body) => {
    for (;;) {
      await waitForTurn();
      const answer = await attempt(options, method, url, body);
      const until = 'lost' in answer ? undefined : readLimit(answer, now(clock));
      if (until === undefined) return answer;
      notBefore = Math.max(notBefore, until);
    }
  };
}

function now(clock: Clock): number {
  return clock.now().getTime();
}

/** The token is for one server; a plain connection would show it to everyone on the way. */
function checkAddresses({ apiUrl, graphqlUrl }: GitHubOptions): void {
  for (const [name, url] of [
    ['GITHUB_API_URL', apiUrl],
    ['GITHUB_GRAPHQL_URL', graphqlUrl],
  ] as const) {
    const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: '', host: '' };
    if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(host)))
      throw new InputError(name, url, 'is not an https address');
  }
  if (new URL(apiUrl).origin !== new URL(graphqlUrl).origin)
    throw new InputError('GITHUB_GRAPHQL_URL', graphqlUrl, `is not on the server of GITHUB_API_URL (${apiUrl})`);
}

async function attempt(
  { token, fetch: ask = fetch }: GitHubOptions,
  method: string,
  url: string,
  body: unknown,
): Promise<Answer | Lost> {
  // an error may quote the header that it stumbled over
  const scrub = (text: string): string => (token === '' ? text : text.replaceAll(token, '***'));
  try {
    const response = await ask(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(ATTEMPT_MS),
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'user-agent': 'slipway',
        'x-github-api-version': '2022-11-28',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    if (status >= 300 && status < 400) throw redirected(url, status, headers.get('location') ?? '');
    const parsed = parseJson(await response.text());
    if (status >= 500 || status === 408) return { lost: `HTTP ${status}` };
    if (status < 300 && parsed === undefined) return { lost: `HTTP ${status} without JSON` };
    return { status, headers, body: parsed };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return { lost: scrub(describeError(error)) };
  }
}

function redirected(url: string, status: number, location: string): Refusal {
  const { host, pathname } = new URL(url);
  const target = URL.canParse(location, url) ? new URL(location, url).host : 'nowhere';
  return new Refusal(
    `${host} redirects ${pathname} to ${target} (HTTP ${status}), which the token does not follow: name the repository as it is called now`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
