import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Bearer, Tokens } from '#lab/github/identity/tokens.ts';
import type { EventName } from '#lab/github/openapi/operations.ts';
import { appHandlers } from '#lab/github/rest/apps.ts';
import { artifactHandlers } from '#lab/github/rest/artifacts.ts';
import { type Call, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { collaboratorHandlers } from '#lab/github/rest/collaborators.ts';
import { commentHandlers } from '#lab/github/rest/comments.ts';
import { commitHandlers } from '#lab/github/rest/commits.ts';
import { contentHandlers } from '#lab/github/rest/contents.ts';
import { type DeploymentRecord, deploymentHandlers } from '#lab/github/rest/deployments.ts';
import { environmentHandlers } from '#lab/github/rest/environments.ts';
import { issueHandlers } from '#lab/github/rest/issues.ts';
import { jobHandlers } from '#lab/github/rest/jobs.ts';
import { objectHandlers } from '#lab/github/rest/objects.ts';
import { pullHandlers } from '#lab/github/rest/pulls.ts';
import { createRates, RATE_LIMITS, type RateLimits } from '#lab/github/rest/rate.ts';
import { refHandlers } from '#lab/github/rest/refs.ts';
import { repositoryHandlers } from '#lab/github/rest/repository.ts';
import { preparePage, type Reply, send } from '#lab/github/rest/respond.ts';
import { mayDo, RIGHTS } from '#lab/github/rest/rights.ts';
import { runHandlers } from '#lab/github/rest/runs.ts';
import { type Description, readDescription } from '#lab/github/rest/schema.ts';
import { type StatusRecord, statusHandlers } from '#lab/github/rest/statuses.ts';

/** Where the API begins, as on GitHub Enterprise Server. */
export const API_ROOT = '/api/v3';

/** The REST interface. */
export interface Rest {
  /** Answers a request below {@link API_ROOT}; false when it is none. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  readonly statuses: readonly StatusRecord[];
  readonly deployments: readonly DeploymentRecord[];
  /** Answers of ours that GitHub's description does not allow: faults of the stand-in. */
  readonly violations: readonly string[];
  /** Notes a payload that GitHub's description does not allow among the violations; undefined: nothing was sent. */
  checkEvent(name: EventName, payload: unknown): void;
}

/** For tests. */
export interface RestOptions {
  /** Replaces operations. */
  readonly handlers?: Handlers;
  readonly limits?: RateLimits;
}

/** Opens the REST interface over the server's state. */
export function createRest(context: RestContext, tokens: Tokens, options: RestOptions = {}): Rest {
  const description = readDescription();
  const rates = createRates(options.limits ?? RATE_LIMITS, context.now);
  const [statuses, deployments, violations]: [StatusRecord[], DeploymentRecord[], string[]] = [[], [], []];
  const operations: Handlers = {
    ...appHandlers(context, tokens),
    ...repositoryHandlers(context),
    ...contentHandlers(context),
    ...commitHandlers(context),
    ...objectHandlers(context),
    ...refHandlers(context),
    ...runHandlers(context),
    ...jobHandlers(context),
    ...artifactHandlers(context),
    ...statusHandlers(context, statuses),
    ...pullHandlers(context),
    ...commentHandlers(context),
    ...issueHandlers(context),
    ...environmentHandlers(context),
    ...collaboratorHandlers(context),
    ...deploymentHandlers(context, deployments, statuses),
    ...options.handlers,
  };
  const parts = { description, operations, violations, repository: context.repository };
  return {
    statuses,
    deployments,
    violations,
    checkEvent: (name, payload) => {
      const wrong = payload === undefined ? undefined : description.refuseEvent(name, payload);
      if (wrong !== undefined) violations.push(wrong);
    },
    answer: async (request, response) => {
      const url = new URL(request.url ?? '/', context.url);
      if (!url.pathname.startsWith(`${API_ROOT}/`)) return false;
      const bearer = tokens.authenticate(request.headers.authorization);
      const rate = rates.take(bearer);
      const asked = {
        method: request.method ?? 'GET',
        url,
        bearer,
        body: await text(request),
        media: request.headers.accept?.match(/^application\/vnd\.github\.(?:v3\.)?(raw|diff|patch|sha)\b/)?.[1],
        hasName: request.headers['user-agent'] !== undefined,
        isExceeded: rate.isExceeded,
      };
      const operation = description.find(asked.method, url.pathname.slice(API_ROOT.length))?.id;
      const names = operation === undefined ? [] : [operation];
      const reply = await context.faults.meet(names, 'rest', () => decide(asked, parts));
      if (reply === undefined) request.socket.destroy();
      else send(request, response, reply, { rate, giveBack: () => rates.giveBack(bearer) });
      return true;
    },
  };
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly bearer: Bearer | undefined;
  readonly body: string;
  readonly media: string | undefined;
  readonly hasName: boolean;
  readonly isExceeded: boolean;
}

interface Parts {
  readonly description: Description;
  readonly operations: Handlers;
  readonly violations: string[];
  readonly repository: string;
}

/** In GitHub's order: who asks, for what, with which right, in which words. */
async function decide(asked: Asked, parts: Parts): Promise<Reply> {
  const { bearer, url } = asked;
  const refusal = refuseCaller(asked);
  if (refusal !== undefined || bearer === undefined) return refusal ?? refuse(401, 'Bad credentials');
  const found = parts.description.find(asked.method, url.pathname.slice(API_ROOT.length));
  const handler = found === undefined ? undefined : parts.operations[found.id];
  if (found === undefined || handler === undefined) return refuse(404, 'Not Found');
  const { id, documentation, path } = found;
  const repository = path['owner'] === undefined ? parts.repository : `${path['owner']}/${path['repo']}`;
  if (repository.toLowerCase() !== parts.repository.toLowerCase()) return refuse(404, 'Not Found', documentation);
  if (!mayDo(bearer, RIGHTS[id])) return refuse(403, 'Resource not accessible by integration', documentation);
  const body = parseBody(asked.body);
  if (body === unreadable) return refuse(400, 'Problems parsing JSON', documentation);
  const parameters: Record<string, unknown> = { ...Object.fromEntries(url.searchParams), ...path };
  const isPaged = url.searchParams.has('page') || url.searchParams.has('per_page');
  const call: Call & { parameters: Record<string, unknown> } = {
    parameters,
    body,
    bearer,
    media: asked.media,
    isPaged,
  };
  const fault = parts.description.refuseRequest(id, call);
  if (fault !== undefined) return refuse(422, fault.message, documentation, fault.errors);
  let wrong: string | undefined;
  try {
    const reply = await preparePage(await handler(call), call, url);
    wrong = reply.raw === undefined ? parts.description.refuseResponse(id, reply) : undefined;
    if (wrong === undefined) return reply;
  } catch (error) {
    wrong = `${id} failed: ${error instanceof Error ? error.stack : String(error)}`;
  }
  parts.violations.push(wrong);
  return refuse(500, `The stand-in gave an answer that GitHub never gives: ${wrong}`, documentation);
}

/** Returns why a caller is refused, no matter what it asks for; undefined where it is not. */
function refuseCaller({ bearer, hasName, isExceeded }: Asked): Reply | undefined {
  if (!hasName)
    return refuse(
      403,
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    );
  if (isExceeded && bearer !== undefined) {
    const documentation = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api';
    const whom = bearer.kind === 'user' ? `user ${bearer.login}` : 'installation';
    return refuse(403, `API rate limit exceeded for ${whom}.`, documentation);
  }
  return undefined;
}

const unreadable = Symbol('not JSON');

function parseBody(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body) ?? {}; // Argo CD's client asks for its token with the body `null`, which GitHub takes
  } catch {
    return unreadable;
  }
}
