import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { OperationId } from '#lab/github/openapi/operations.ts';
import { type Answer, type Handlers, type RestContext, type Right, refuse } from '#lab/github/rest/call.ts';
import { type DeploymentRecord, deploymentHandlers } from '#lab/github/rest/deployments.ts';
import { refHandlers } from '#lab/github/rest/refs.ts';
import { runHandlers } from '#lab/github/rest/runs.ts';
import { type Description, readDescription } from '#lab/github/rest/schema.ts';
import { type StatusRecord, statusHandlers } from '#lab/github/rest/statuses.ts';
import type { Bearer, Tokens } from '#lab/github/tokens.ts';

/** Where the API begins, as on GitHub Enterprise Server. */
export const API_ROOT = '/api/v3';

/** https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
const RIGHTS: Readonly<Record<OperationId, Right>> = {
  'actions/create-workflow-dispatch': ['actions', 'write'],
  'actions/get-workflow-run': ['actions', 'read'],
  'actions/list-jobs-for-workflow-run': ['actions', 'read'],
  'actions/list-repo-workflows': ['actions', 'read'],
  'actions/list-workflow-runs-for-repo': ['actions', 'read'],
  'git/create-ref': ['contents', 'write'],
  'git/delete-ref': ['contents', 'write'],
  'git/get-commit': ['contents', 'read'],
  'git/get-ref': ['contents', 'read'],
  'git/list-matching-refs': ['contents', 'read'],
  'git/update-ref': ['contents', 'write'],
  'repos/create-commit-status': ['statuses', 'write'],
  'repos/create-deployment': ['deployments', 'write'],
  'repos/create-deployment-status': ['deployments', 'write'],
  'repos/get-combined-status-for-ref': ['statuses', 'read'],
  'repos/get-deployment': ['deployments', 'read'],
  'repos/list-commit-statuses-for-ref': ['statuses', 'read'],
  'repos/list-deployment-statuses': ['deployments', 'read'],
  'repos/list-deployments': ['deployments', 'read'],
};

/** The REST interface. */
export interface Rest {
  /** Answers a request below {@link API_ROOT}; false when it is none. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  readonly statuses: readonly StatusRecord[];
  readonly deployments: readonly DeploymentRecord[];
  /** Answers of ours that GitHub's description does not allow: faults of the stand-in. */
  readonly violations: readonly string[];
}

/** Opens the REST interface over the server's state. `handlers` replaces operations, for its tests. */
export function createRest(context: RestContext, tokens: Tokens, handlers: Handlers = {}): Rest {
  const description = readDescription();
  const [statuses, deployments, violations]: [StatusRecord[], DeploymentRecord[], string[]] = [[], [], []];
  const operations: Handlers = {
    ...runHandlers(context),
    ...refHandlers(context),
    ...statusHandlers(context, statuses),
    ...deploymentHandlers(context, deployments, statuses),
    ...handlers,
  };
  return {
    statuses,
    deployments,
    violations,
    answer: async (request, response) => {
      const url = new URL(request.url ?? '/', context.url);
      if (!url.pathname.startsWith(`${API_ROOT}/`)) return false;
      const bearer = tokens.authenticate(request.headers.authorization);
      const asked = { method: request.method ?? 'GET', url, bearer, body: await text(request) };
      const answer = await decide(asked, { description, operations, violations, repository: context.repository });
      send(response, answer, url);
      return true;
    },
  };
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly bearer: Bearer | undefined;
  readonly body: string;
}

interface Parts {
  readonly description: Description;
  readonly operations: Handlers;
  readonly violations: string[];
  readonly repository: string;
}

/** In GitHub's order: who asks, for what, with which right, in which words. */
async function decide(asked: Asked, parts: Parts): Promise<Paged> {
  const { description, operations } = parts;
  if (asked.bearer === undefined) return refuse(401, 'Bad credentials');
  const found = description.find(asked.method, asked.url.pathname.slice(API_ROOT.length));
  const handler = found === undefined ? undefined : operations[found.id];
  if (found === undefined || handler === undefined) return refuse(404, 'Not Found');
  const { id, documentation } = found;
  if (`${found.path['owner']}/${found.path['repo']}` !== parts.repository)
    return refuse(404, 'Not Found', documentation);
  if (!mayDo(asked.bearer, RIGHTS[id])) return refuse(403, 'Resource not accessible by integration', documentation);
  const body = parseBody(asked.body);
  if (body === unreadable) return refuse(400, 'Problems parsing JSON', documentation);
  const parameters = { ...Object.fromEntries(asked.url.searchParams), ...found.path };
  const call: { parameters: Record<string, unknown>; body: unknown } = { parameters, body };
  const fault = description.refuseRequest(id, call);
  if (fault !== undefined) return refuse(422, `Invalid request.\n\n${fault}`, documentation);
  const answer = paginate(await handler({ ...call, bearer: asked.bearer }), call.parameters);
  const wrong = description.refuseResponse(id, answer.status, answer.body);
  if (wrong === undefined) return answer;
  parts.violations.push(wrong);
  return refuse(500, `The stand-in gave an answer that GitHub never gives: ${wrong}`, documentation);
}

function mayDo(bearer: Bearer, [permission, wanted]: Right): boolean {
  if (bearer.kind === 'user') return true;
  const granted = bearer.permissions[permission];
  return granted === 'write' || granted === wanted;
}

const unreadable = Symbol('not JSON');

function parseBody(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    return unreadable;
  }
}

interface Paged {
  readonly status: number;
  readonly body?: unknown;
  readonly page?: { readonly at: number; readonly last: number };
}

/** https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function paginate(answer: Answer, parameters: Readonly<Record<string, unknown>>): Paged {
  if (!('list' in answer)) return answer;
  const size = Math.min(Math.max(Number(parameters['per_page'] ?? 30), 1), 100);
  const at = Math.max(Number(parameters['page'] ?? 1), 1);
  const page = answer.list.slice((at - 1) * size, at * size);
  const last = Math.max(Math.ceil(answer.list.length / size), 1);
  return { status: answer.status, body: answer.wrap === undefined ? page : answer.wrap(page), page: { at, last } };
}

function send(response: ServerResponse, { status, body, page }: Paged, url: URL): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': randomUUID(),
    'x-ratelimit-limit': '15000',
    'x-ratelimit-remaining': '14999',
    'x-ratelimit-reset': '4102444800',
    'x-slipway-stand-in': 'github',
    ...linkOf(url, page),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function linkOf(url: URL, page: Paged['page']): { link?: string } {
  if (page === undefined || page.last === 1) return {};
  const { at, last } = page;
  const address = (number: number): string => {
    const other = new URL(url);
    other.searchParams.set('page', String(number));
    return other.href;
  };
  const links: [string, number][] = [
    ...(at > 1 ? ([['prev', at - 1]] as [string, number][]) : []),
    ...(at < last
      ? ([
          ['next', at + 1],
          ['last', last],
        ] as [string, number][])
      : []),
    ...(at > 1 ? ([['first', 1]] as [string, number][]) : []),
  ];
  return { link: links.map(([name, number]) => `<${address(number)}>; rel="${name}"`).join(', ') };
}
