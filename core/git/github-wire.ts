import { checkAddress } from '#core/github/address.ts';
import { type Answer, createTurns } from '#core/github/limits.ts';
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

/** No usable answer: what was asked for may have been done. */
export interface Lost {
  readonly lost: string;
}

/** What is done to an address. */
export type Method = 'GET' | 'POST' | 'PATCH';

/** Sends one request. A rate limit is waited for; everything else is one attempt. */
export type Wire = (method: Method, url: string, body?: unknown) => Promise<Answer | Lost>;

/** GitHub ends a request after 10 s. */
const ATTEMPT_MS = 20_000;
/**
 * Returns a {@link Wire} to one server. No request is sent before the time that the server states, the token goes to
 * this server only, and no message shows it. Refuses when the wait would be longer than ten minutes.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function createWire(options: GitHubOptions): Wire {
  const { clock, log } = options;
  checkAddresses(options);
  const turns = createTurns(clock, log);
  return async (method, url, body) => {
    for (;;) {
      await turns.wait();
      const answer = await attempt(options, method, url, body);
      if ('lost' in answer || !turns.isLimit(answer)) return answer;
    }
  };
}

function checkAddresses({ apiUrl, graphqlUrl }: GitHubOptions): void {
  checkAddress('GITHUB_API_URL', apiUrl);
  checkAddress('GITHUB_GRAPHQL_URL', graphqlUrl);
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
