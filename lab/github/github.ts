import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { serveGit } from '#lab/github/git-http.ts';
import { createOidcIssuer, type JobIdentity } from '#lab/github/oidc.ts';
import { renderRun, renderRuns } from '#lab/github/page.ts';
import {
  createBareRepository,
  createRepository,
  OWNER_ID,
  type PushPayload,
  REPOSITORY_ID,
} from '#lab/github/repository.ts';
import { API_ROOT, createRest, type Rest } from '#lab/github/rest/rest.ts';
import { createRuns, type RunRecord, type Runs } from '#lab/github/runs.ts';
import { type Bearer, createTokens } from '#lab/github/tokens.ts';
import type { Workflow } from '#lab/github/workflow.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Options of {@link startGitHub}. */
export interface GitHubOptions {
  /** owner/name. */
  readonly repository: string;
  /** Environment of every job: where the lab's AWS and Docker are. */
  readonly env?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** The stand-in for GitHub's server. */
export interface GitHub {
  readonly url: string;
  /** Clone address with the user's token in it. */
  readonly remote: string;
  /** Clone address without a token. */
  readonly cloneUrl: string;
  readonly userToken: string;
  readonly issuer: string;
  readonly bareRepository: string;
  readonly runs: readonly RunRecord[];
  dispatch(workflow: string, inputs?: Readonly<Record<string, string>>, branch?: string): Promise<RunRecord>;
  /** Resolves when no run is under way. */
  idle(): Promise<void>;
  /** Called after every push that moved a branch, whoever pushed. */
  onPush(listener: (payload: PushPayload) => void): void;
  /** From now on, job tokens cannot move this branch. */
  protect(branch: string): void;
  /** Commit statuses, deployments, and the stand-in's own faults. */
  readonly rest: Pick<Rest, 'statuses' | 'deployments' | 'violations'>;
  /** Called before a push is handed to git. */
  beforePush: ((bearer: Bearer) => Promise<void>) | undefined;
}

/** Starts the stand-in on loopback with an empty repository. */
export async function startGitHub(lab: Lab, toolbox: Toolbox, options: GitHubOptions): Promise<GitHub> {
  const root = lab.folder('github', 'repositories');
  const bare = join(root, `${options.repository}.git`);
  await createBareRepository(lab, bare);
  const tokens = createTokens();
  const userToken = tokens.issue({ kind: 'user', login: 'octocat' });
  const requests = new Map<string, JobIdentity>();
  const listeners: ((payload: PushPayload) => void)[] = [];
  const state: { handler: (request: IncomingMessage, response: ServerResponse) => Promise<void> } = {
    handler: async (_request, response) => void response.writeHead(503).end(),
  };
  const server = createServer((request, response) => {
    state.handler(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const issuer = await createOidcIssuer(`${url}/oidc`);
  const runs = createRuns({
    exec: lab.exec,
    act: toolbox.tool('act'),
    path: lab.env['PATH'] ?? '',
    dir: lab.folder('github', 'jobs'),
    bareRepository: bare,
    tokens,
    env: {
      ...options.env,
      SLIPWAY_LAB: lab.id,
      GITHUB_SERVER_URL: url,
      GITHUB_API_URL: `${url}${API_ROOT}`,
      GITHUB_REPOSITORY: options.repository,
    },
    variables: options.variables ?? {},
    secrets: options.secrets ?? {},
    onChange: () => {},
    openJob: (run, job, permissions, workflow) => {
      if (permissions.idToken !== 'write') return {};
      const request = randomBytes(16).toString('hex');
      requests.set(request, identityOf(options.repository, run, workflow, job.environment));
      return {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/oidc/token?api-version=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: request,
      };
    },
  });
  lab.onStop('GitHub stand-in', () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const repository = createRepository(lab, bare, options.repository, runs, url);
  let heads = new Map<string, string>();
  const afterPush = async (bearer: Bearer): Promise<void> => {
    const before = heads;
    heads = await repository.readHeads();
    for (const payload of await repository.announce(before, heads, bearer))
      for (const listener of listeners) listener(payload);
  };
  const rest = createRest(
    {
      repository: options.repository,
      url,
      api: `${url}${API_ROOT}`,
      runs: runs.all,
      git: async (args) => {
        const { code, stdout } = await lab.exec(['git', '-C', bare, ...args], { accept: 'any' });
        return { code, text: stdout.toString('utf8') };
      },
      isProtected: (ref) => {
        const file = join(bare, 'protected');
        return existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(ref);
      },
      moved: afterPush,
      readWorkflows: repository.readWorkflows,
      dispatch: repository.dispatch,
      now: () => new Date(),
    },
    tokens,
  );
  const github: GitHub = {
    url,
    rest,
    remote: `http://octocat:${userToken}@${url.slice('http://'.length)}/${options.repository}.git`,
    cloneUrl: `${url}/${options.repository}.git`,
    userToken,
    issuer: `${url}/oidc`,
    bareRepository: bare,
    runs: runs.all,
    idle: runs.idle,
    onPush: (listener) => {
      listeners.push(listener);
    },
    protect: (branch) => writeFileSync(join(bare, 'protected'), `refs/heads/${branch}\n`, { flag: 'a' }),
    beforePush: undefined,
    dispatch: (workflow, inputs = {}, branch = 'main') => repository.dispatch(workflow, inputs, branch),
  };
  heads = await repository.readHeads();
  state.handler = async (request, response) => {
    request.url = withGitSuffix(request.url ?? '/', options.repository);
    const served = await serveGit(request, response, {
      root,
      env: lab.env,
      tokens,
      beforePush: async (bearer) => github.beforePush?.(bearer),
      afterPush,
    });
    if (!served && !(await rest.answer(request, response)))
      await answerPages(request, response, { runs, issuer, requests, remote: github.remote });
  };
  return github;
}

/** GitHub serves a repository with and without `.git`. */
function withGitSuffix(url: string, repository: string): string {
  return url.startsWith(`/${repository}/`) && /^\/(info\/refs|git-)/.test(url.slice(repository.length + 1))
    ? `/${repository}.git${url.slice(repository.length + 1)}`
    : url;
}

function identityOf(
  repository: string,
  run: RunRecord,
  workflow: Workflow,
  environment: string | { name: string } | undefined,
): JobIdentity {
  return {
    repository,
    ownerId: OWNER_ID,
    repositoryId: REPOSITORY_ID,
    ref: run.ref,
    sha: run.sha,
    workflow: run.workflow,
    workflowPath: workflow.path,
    event: run.event,
    actor: run.actor,
    runId: run.id,
    environment: typeof environment === 'object' ? environment.name : environment,
  };
}

interface PageContext {
  readonly runs: Runs;
  readonly issuer: Awaited<ReturnType<typeof createOidcIssuer>>;
  readonly requests: ReadonlyMap<string, JobIdentity>;
  readonly remote: string;
}

async function answerPages(request: IncomingMessage, response: ServerResponse, context: PageContext): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const json = (status: number, body: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const html = (body: string): void =>
    void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
  const document = url.pathname.match(/^\/oidc\/\.well-known\/([\w-]+)$/)?.[1];
  if (document !== undefined) return json(200, context.issuer.documents()[document] ?? {});
  if (url.pathname === '/oidc/token') {
    const identity = context.requests.get((request.headers.authorization ?? '').replace(/^bearer /i, ''));
    if (identity === undefined) return json(401, { message: 'Bad credentials' });
    return json(200, {
      value: await context.issuer.sign(
        identity,
        url.searchParams.get('audience') ?? `https://github.com/${identity.repository.split('/')[0]}`,
      ),
    });
  }
  const id = Number(url.pathname.match(/\/runs\/(\d+)$/)?.[1]);
  const run = context.runs.all.find((candidate) => candidate.id === id);
  if (run !== undefined) return html(renderRun(run));
  if (url.pathname === '/') return html(renderRuns(context.runs.all, context.remote));
  json(404, { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' });
}
