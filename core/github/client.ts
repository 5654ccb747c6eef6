import { getOctokit } from '@actions/github';
import { z } from 'zod';
import { checkAddress, parseRepository } from '#core/github/address.ts';
import { type Answer, createTurns } from '#core/github/limits.ts';
import { refuse } from '#core/github/refuse.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { retry } from '#core/system/retry.ts';
import { describeError, Refusal } from '#core/values/errors.ts';

/** A repository on GitHub, and what talking about it needs of the world. */
export interface ClientOptions {
  /** `https://api.github.com`, or `<server>/api/v3`: the runner's GITHUB_API_URL. */
  readonly apiUrl: string;
  /** owner/name. */
  readonly repository: string;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: Math.random. */
  readonly random?: () => number;
}

/** One request: what a person would call it, and the right that it needs. */
export interface Request {
  /** `the comments of #7`. */
  readonly what: string;
  /** `pull-requests: write`. */
  readonly right: string;
}

/** The methods of GitHub's own client. */
export type Rest = ReturnType<typeof getOctokit>['rest'];

/** Sends one request. */
export type Send = (rest: Rest) => Promise<{ readonly status: number; readonly data: unknown }>;

/** What became of a request that is not repeated: without an answer, it may have been done. */
export type Sent = { readonly done: true; readonly data: unknown } | { readonly done: false; readonly reason: string };

/** GitHub's API for one repository. What GitHub refuses is a {@link Refusal} that names the remedy. */
export interface GitHubClient {
  readonly where: { readonly owner: string; readonly repo: string };
  /** Asks until there is an answer, for 30 s. For what is harmless when repeated. */
  ask(request: Request, send: Send): Promise<unknown>;
  /** Asks once. */
  once(request: Request, send: Send): Promise<Sent>;
  /** Asks by GraphQL, once; undefined where there is no answer, or GitHub refuses it. */
  query(text: string, variables: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Changes something once; `gone` where it is not there any more. */
  change(request: Request, send: Send): Promise<'done' | 'gone' | 'unclear'>;
}

/** GitHub ends a request after 10 s. */
const ATTEMPT_MS = 20_000;
const DEADLINE_MS = 30_000;

/** Opens the API. Rate limits are waited for; the token goes to this server only. */
export function openGitHubClient(options: ClientOptions): GitHubClient {
  const { apiUrl, clock, log, random = Math.random } = options;
  const where = parseRepository(options.repository);
  checkAddress('GITHUB_API_URL', apiUrl);
  const { host } = new URL(apiUrl);
  const turns = createTurns(clock, log);
  const { rest, graphql } = openOctokit(options);
  const attempt = async (send: Send): Promise<Answer | { readonly lost: string }> => {
    for (;;) {
      await turns.wait();
      const answer = await answerOf(rest, send, options.token);
      if ('lost' in answer || !turns.isLimit(answer)) return answer;
    }
  };
  const ask: GitHubClient['ask'] = async (request, send) => {
    const tried = await retry({ clock, random, deadlineMs: DEADLINE_MS }, async () => {
      const answer = await attempt(send);
      if ('lost' in answer) return { done: false, reason: answer.lost };
      if (answer.status >= 300) throw refuse(request, answer);
      return { done: true, value: answer.body };
    });
    if (tried.done) return tried.value;
    throw new Refusal(
      `${host} gave no usable answer to ${request.what} in ${tried.attempts} attempts (${tried.reason}); see https://www.githubstatus.com and whether this runner reaches it, then run the job again`,
    );
  };
  return {
    where,
    ask,
    change: async (request, send) => {
      const answer = await attempt(send);
      if ('lost' in answer) return 'unclear';
      if (isGone(answer)) return 'gone';
      if (answer.status >= 300) throw refuse(request, answer);
      return 'done';
    },
    query: async (text, variables) => {
      const answer = await attempt(async () => ({ status: 200, data: await graphql(text, { ...variables }) }));
      return 'lost' in answer || answer.status >= 300 ? undefined : answer.body;
    },
    once: async (request, send) => {
      const answer = await attempt(send);
      if ('lost' in answer) return { done: false, reason: answer.lost };
      if (answer.status >= 300) throw refuse(request, answer);
      return { done: true, data: answer.body };
    },
  };
}

function isGone({ status }: Answer): boolean {
  return status === 404 || status === 410;
}

function openOctokit({ token, apiUrl, log }: ClientOptions): ReturnType<typeof getOctokit> {
  const octokit = getOctokit(token, {
    baseUrl: apiUrl,
    userAgent: 'slipway',
    // it would print each request that fails
    log: { debug: log.debug, info: log.debug, warn: log.debug, error: log.debug },
  });
  octokit.hook.before('request', (request) => {
    request.request = { ...request.request, redirect: 'manual', signal: AbortSignal.timeout(ATTEMPT_MS) };
  });
  return octokit;
}

const failed = z.object({
  status: z.number(),
  response: z.object({ status: z.number(), headers: z.record(z.string(), z.unknown()), data: z.unknown() }).optional(),
});

/** Returns the answer, whatever its status; `lost` where there is none, or one of a server that failed on the way. */
async function answerOf(rest: Rest, send: Send, token: string): Promise<Answer | { readonly lost: string }> {
  try {
    const { status, data } = await send(rest);
    return { status, headers: new Headers(), body: data };
  } catch (error) {
    if (error instanceof Error && error.name === 'GraphqlResponseError')
      return { status: 422, headers: new Headers(), body: { message: error.message } };
    const { data } = failed.safeParse(error);
    if (data === undefined) throw error;
    const { response } = data;
    if (response === undefined) return { lost: describeError(error).replaceAll(token, '***') };
    if (response.status >= 500 || response.status === 408) return { lost: `HTTP ${response.status}` };
    const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return { status: response.status, headers, body: response.data };
  }
}
