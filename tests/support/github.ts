import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { createExec } from '#core/system/exec.ts';
import type { Faults } from '#lab/github/faults.ts';
import { type GitHttpOptions, serveGit } from '#lab/github/git-http.ts';
import { createGraphQL, GRAPHQL_PATH } from '#lab/github/graphql/graphql.ts';
import { createTokens } from '#lab/github/identity/tokens.ts';
import { createOpenLogs } from '#lab/github/open-logs.ts';
import type { Pulls } from '#lab/github/pulls/pulls.ts';
import { createBareRepository } from '#lab/github/repository.ts';
import { API_ROOT, createRest } from '#lab/github/rest/rest.ts';
import type { Rules } from '#lab/github/rules.ts';
import { issueJobToken, openContext } from '#lab/github/tests/open-api.ts';
import type { GitServer } from '#tests/support/git-server.ts';
import { gitEnv } from '#tests/support/repositories.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import type { TenantOptions } from '#tests/support/tenant.ts';

/** The stand-in for GitHub over one bare repository: git over HTTP, REST and GraphQL, with its tokens and rules. */
export interface GitHubServer extends GitServer {
  readonly connection: NonNullable<GitServer['connection']>;
  readonly rules: Rules;
  readonly pulls: Pulls;
  readonly faults: Faults;
  /** Every request to the API: `POST git/trees`, by whose token, and when it came, in milliseconds since 1970. */
  readonly calls: { readonly line: string; readonly token: string; readonly at: number }[];
  /** Answers of the stand-in that GitHub never gives. */
  readonly violations: readonly string[];
  /** Token of a person, who may do everything. */
  readonly person: string;
  /** A new token of a job, with the rights of `permissions`; with `app`, one of that GitHub App. */
  tokenOf(permissions: Readonly<Record<string, string>>, app?: string): string;
}

/** Serves the bare repository `<…>/<owner>/<name>.git`. Writers get a token that may write, and the API's addresses. */
export async function startGitHubServer(remote: string): Promise<GitHubServer> {
  await createBareRepository({ exec: createExec(gitEnv) }, remote);
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const tokens = createTokens();
  const logs = createOpenLogs(url);
  const context = openContext({ url, bare: remote, runs: [], moves: [], logs, now: () => new Date() });
  const [rest, graphql] = [createRest(context, tokens), createGraphQL(context, tokens)];
  const root = dirname(dirname(remote));
  const env = { PATH: process.env['PATH'] ?? '', HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
  const afterPush: GitHttpOptions['afterPush'] = (bearer, moves) => context.moved(bearer, moves);
  const git = { root, env, tokens, beforePush: async () => {}, afterPush };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (await serveGit(request, response, git)) return;
    if ((await rest.answer(request, response)) || (await graphql.answer(request, response))) return;
    response.writeHead(404).end();
  };
  const tokenOf: GitHubServer['tokenOf'] = (permissions, app) => issueJobToken(tokens, permissions, app);
  const api = { GITHUB_API_URL: `${url}${API_ROOT}`, GITHUB_GRAPHQL_URL: `${url}${GRAPHQL_PATH}` };
  const server: GitHubServer = {
    url: `${url}${remote.slice(root.length)}`,
    connection: { inputs: { token: tokenOf({ contents: 'write', deployments: 'read' }) }, env: api },
    rules: context.rules,
    pulls: context.pulls,
    faults: context.faults,
    violations: rest.violations,
    requests: [],
    calls: [],
    person: tokens.issue({ kind: 'user', login: 'octocat' }),
    tokenOf,
    intercept: undefined,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
  listener.on('request', (request, response) => void receive(server, request, response, answer));
  return server;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function receive(
  server: GitHubServer,
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const { authorization } = headers;
  if (url.startsWith('/api/')) {
    const line = `${method} ${url.replace(/^\/api\/(v3\/repos\/[^/]+\/[^/]+\/)?/, '')}`;
    server.calls.push({ line, token: authorization?.replace(/^Bearer /, '') ?? '', at: Date.now() });
  } else server.requests.push({ method, url, authorization });
  const verdict = await server.intercept?.(request);
  if (verdict === 'drop') return void request.socket.destroy();
  if (typeof verdict === 'number') return void response.writeHead(verdict).end('refused by the test');
  // everything is done, and its answer goes nowhere
  await answer(request, verdict === 'drop-answer' ? new ServerResponse(request) : response).catch((error: unknown) =>
    response.writeHead(500).end(String(error)),
  );
  if (verdict === 'drop-answer') request.socket.destroy();
}

/** A stage on the stand-in; its first releases were written by git. */
export interface GitHubStage extends Stage {
  readonly github: GitHubServer;
  /** Inputs that make a writer use the API. */
  readonly api: Readonly<Record<string, string>>;
}

/** Opens a {@link Stage} whose remote is a repository of the stand-in. */
export async function openGitHubStage(options: Omit<TenantOptions, 'serve'> = {}): Promise<GitHubStage> {
  const servers: GitHubServer[] = [];
  const stage = await openStage({
    ...options,
    serve: async (remote) => {
      const server = await startGitHubServer(remote);
      servers.push(server);
      return server;
    },
  });
  const [github] = servers;
  if (github === undefined) throw new Error('the tenant started no server');
  return { ...stage, github, api: { transport: 'api' } };
}
