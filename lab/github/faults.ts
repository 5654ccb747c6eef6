import { type Git, NO_OBJECT } from '#lab/github/rest/git.ts';

/** Something that goes wrong between a client and the server, for tests of what the client does about it. */
export type Fault =
  /** Everything is done, then the connection breaks. */
  | { readonly kind: 'lost-reply' }
  /** 502: before anything is done, or after everything is. */
  | { readonly kind: 'server-error'; readonly effect: 'none' | 'done' }
  /** 403, or 429, with `retry-after` in seconds; without it GitHub means a minute. Nothing is done. */
  | { readonly kind: 'secondary-limit'; readonly retryAfter?: number; readonly status?: 403 | 429 }
  /** The hour's requests are used up until `reset`. Nothing is done. */
  | { readonly kind: 'primary-limit'; readonly reset: Date }
  /** Someone else moves a reference just before the request is answered; `to` undefined deletes it. */
  | { readonly kind: 'stale-head'; readonly ref: string; readonly to: string | undefined };

/** An answer, as REST and GraphQL send it. */
interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Faults that wait for their requests. */
export interface Faults {
  /** The next requests for an operation meet these faults, one each: `git/create-commit`, `updateRefs`. */
  inject(operation: string, ...faults: readonly Fault[]): void;
  /** Takes back those that have met no request yet. */
  clear(): void;
  /** How many faults have met no request yet. */
  countWaiting(): number;
  /** Answers a request under the fault that waits for it, if one does; undefined: break the connection. */
  meet<T extends Reply>(
    operations: readonly string[],
    kind: 'rest' | 'graphql',
    answer: () => Promise<T>,
  ): Promise<T | Reply | undefined>;
}

/** Returns an empty list of faults. */
export function createFaults(git: Git): Faults {
  const waiting = new Map<string, Fault[]>();
  return {
    inject: (operation, ...faults) => {
      waiting.set(operation, [...(waiting.get(operation) ?? []), ...faults]);
    },
    clear: () => waiting.clear(),
    countWaiting: () => [...waiting.values()].flat().length,
    meet: async (operations, kind, answer) => {
      const fault = operations.map((operation) => waiting.get(operation)?.shift()).find(Boolean);
      if (fault === undefined) return answer();
      if (fault.kind === 'secondary-limit') return limitSecondary(fault);
      if (fault.kind === 'primary-limit') return limitPrimary(fault, kind);
      if (fault.kind === 'server-error' && fault.effect === 'none') return BAD_GATEWAY;
      if (fault.kind === 'stale-head') await moveAway(git, fault);
      const reply = await answer();
      if (fault.kind === 'stale-head') return reply;
      return fault.kind === 'lost-reply' ? undefined : BAD_GATEWAY;
    },
  };
}

/** GitHub's front answers so when what stands behind it takes more than ten seconds. */
const BAD_GATEWAY: Reply = { status: 502, body: { message: 'Server Error' } };
const LIMITS = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api';

function limitSecondary({ retryAfter, status = 403 }: Extract<Fault, { kind: 'secondary-limit' }>): Reply {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return { status, body: { message, documentation_url: LIMITS }, headers };
}

/** By GraphQL it is a 200 with an error. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api */
function limitPrimary({ reset }: Extract<Fault, { kind: 'primary-limit' }>, kind: 'rest' | 'graphql'): Reply {
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(reset.getTime() / 1000)) };
  const message = 'API rate limit exceeded for installation.';
  if (kind === 'rest') return { status: 403, body: { message, documentation_url: LIMITS }, headers };
  return { status: 200, body: { errors: [{ type: 'RATE_LIMIT', code: 'graphql_rate_limit', message }] }, headers };
}

async function moveAway(git: Git, { ref, to }: Extract<Fault, { kind: 'stale-head' }>): Promise<void> {
  const { code, stderr } = await git(['update-ref', ref, to ?? NO_OBJECT]);
  if (code !== 0) throw new Error(`the fault could not move ${ref}: ${stderr}`);
}
