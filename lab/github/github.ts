import { join } from 'node:path';
import { type OpenArtifacts, openArtifacts } from '#lab/github/artifacts/open.ts';
import type { Artifacts } from '#lab/github/artifacts/store.ts';
import { createFaults, type Faults } from '#lab/github/faults.ts';
import { makeFork } from '#lab/github/fork.ts';
import { type GitHttpOptions, serveGit } from '#lab/github/git-http.ts';
import { createGraphQL } from '#lab/github/graphql/graphql.ts';
import { type Apps, createApps, type RegisteredApp } from '#lab/github/identity/apps.ts';
import { createOidcIssuer, type JobIdentity } from '#lab/github/identity/oidc.ts';
import { type Bearer, createTokens, type Tokens } from '#lab/github/identity/tokens.ts';
import { createOpenLogs, type OpenLogs } from '#lab/github/open-logs.ts';
import { openRuns } from '#lab/github/open-runs.ts';
import { answerPages } from '#lab/github/pages.ts';
import { startOnPull } from '#lab/github/pulls/events.ts';
import { createPulls, type Pulls } from '#lab/github/pulls/pulls.ts';
import type { PullSettings } from '#lab/github/pulls/records.ts';
import { createBareRepository, createRepository, type PushPayload, type Repository } from '#lab/github/repository.ts';
import type { RestContext, Role } from '#lab/github/rest/call.ts';
import { type Git, openGit } from '#lab/github/rest/git.ts';
import { API_ROOT, createRest, type Rest } from '#lab/github/rest/rest.ts';
import { openRules } from '#lab/github/rules.ts';
import { type Approvals, createApprovals } from '#lab/github/runner/approvals.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import type { Runs } from '#lab/github/runner/runs.ts';
import { startOnStatus } from '#lab/github/status-event.ts';
import { listenUntilStop } from '#lab/supervisor/http.ts';
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

/** The repository's settings. */
interface Settings {
  /** From now on, job tokens cannot move this branch. */
  protect(branch: string): void;
  /** From now on, job tokens move this branch to signed commits only. */
  requireSignatures(branch: string): void;
  /** From now on, jobs of this environment wait until one of these people approves. */
  requireReviewers(environment: string, reviewers: readonly string[]): void;
  /** Makes a person a collaborator; returns a token of theirs. */
  addPerson(login: string, role: Role): string;
  /** Makes a GitHub App with these rights, such as `{statuses: 'write'}`, and installs it in the repository. */
  registerApp(slug: string, permissions: Readonly<Record<string, string>>): RegisteredApp;
  /** What a job may do with pull requests, and what blocks them; a test changes it in place. */
  readonly pullSettings: PullSettings;
  /** What the jobs uploaded. */
  readonly artifacts: Artifacts;
  /** What goes wrong with the next requests to the API. */
  readonly faults: Faults;
}

/** The stand-in for GitHub's server. */
export interface GitHub extends Settings {
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
  /** Called after every push that moved a branch, by a person or by a job. */
  onPush(listener: (payload: PushPayload) => void): void;
  /** Commit statuses, deployments, and the stand-in's own faults. */
  readonly rest: Pick<Rest, 'statuses' | 'deployments' | 'violations'>;
  /** Makes a fork that `owner` may push to; returns its clone address with the owner's token in it. */
  fork(owner: string): Promise<string>;
  /** While it is true, git alone is served: everything else answers 503, and a push starts no workflow and sends no webhook. */
  isOnlyGit: boolean;
  /** Called before a push is handed to git. */
  beforePush: ((bearer: Bearer) => Promise<void>) | undefined;
}

/** Starts the stand-in on loopback with an empty repository. */
export async function startGitHub(lab: Lab, toolbox: Toolbox, options: GitHubOptions): Promise<GitHub> {
  const { root, bare } = await openRoot(lab, options.repository);
  const apps = createApps(() => new Date());
  const tokens = createTokens(apps);
  const requests = new Map<string, JobIdentity>();
  const listeners: ((payload: PushPayload) => void)[] = [];
  const server = await listenUntilStop(lab, 'GitHub stand-in');
  const { url } = server;
  const issuer = await createOidcIssuer(`${url}/oidc`);
  const artifacts = openArtifacts(url, () => new Date());
  const approvals = createApprovals();
  const runs = openRuns(lab, toolbox, options, { url, bare, tokens, requests, artifacts, approvals });
  lab.onStop('runs', runs.idle);
  const repository = createRepository(lab, bare, options.repository, runs, url);
  const afterPush: RestContext['moved'] = async (bearer, moves) => {
    for (const payload of await repository.announce(moves, bearer)) for (const listener of listeners) listener(payload);
    await pulls.noteMoves(options.repository, moves, bearer);
  };
  const logs = createOpenLogs(url);
  const git = openGit(lab.exec, bare);
  const pulls = createPulls({
    ...{ git, repository: options.repository, now: () => new Date(), moved: afterPush },
    announce: (pull, action, bearer, changes) => startOnPull(context, runs, pull, action, bearer, changes),
  });
  const context = openContext({
    ...{ url, bare, git, logs, runs, repository, pulls, artifacts, approvals },
    ...{ name: options.repository, moved: afterPush },
    statusWritten: async (bearer, status) =>
      rest.checkEvent('status', await startOnStatus(context, runs, bearer, status)),
  });
  const rest = createRest(context, tokens);
  const graphql = createGraphQL(context, tokens);
  const github: GitHub = {
    ...{ url, rest, issuer: `${url}/oidc`, bareRepository: bare, runs: runs.all, idle: runs.idle },
    ...openAddresses(url, options.repository, tokens),
    ...openSettings(context, tokens, apps),
    onPush: (listener) => void listeners.push(listener),
    isOnlyGit: false,
    beforePush: undefined,
    fork: (owner) => makeFork({ lab, root, url, tokens, pulls, name: options.repository }, owner),
    dispatch: (workflow, inputs = {}, branch = 'main') => repository.dispatch(workflow, inputs, branch, OWNER_LOGIN),
  };
  const beforePush = async (bearer: Bearer): Promise<void> => github.beforePush?.(bearer);
  const gitOptions: GitHttpOptions = {
    ...{ root, env: lab.env, tokens, beforePush },
    afterPush: async (bearer, moves, name) => {
      if (!github.isOnlyGit)
        await (name === options.repository ? afterPush(bearer, moves) : pulls.noteMoves(name, moves, bearer));
    },
  };
  const pages = { runs, issuer, requests, logs, git, repository: options.repository, remote: github.remote };
  server.serve(async (request, response) => {
    request.url = withGitSuffix(request.url ?? '/', options.repository);
    if (await serveGit(request, response, gitOptions)) return;
    if (github.isOnlyGit) return void response.writeHead(503).end('Service Unavailable');
    for (const part of [artifacts, rest, graphql]) if (await part.answer(request, response)) return;
    await answerPages(request, response, pages);
  });
  return github;
}

async function openRoot(lab: Lab, repository: string): Promise<{ root: string; bare: string }> {
  const root = lab.folder('github', 'repositories');
  const bare = join(root, `${repository}.git`);
  await createBareRepository(lab, bare);
  return { root, bare };
}

/** What a person does on the settings' pages, and what tests look at. */
function openSettings(context: RestContext, tokens: Tokens, apps: Apps): Settings {
  const { rules, faults, artifacts, approvals, collaborators, pulls } = context;
  return {
    ...{ faults, artifacts, pullSettings: pulls.settings },
    protect: (branch) => rules.protect(`refs/heads/${branch}`),
    requireSignatures: (branch) => rules.requireSignatures(`refs/heads/${branch}`),
    requireReviewers: approvals.protect,
    registerApp: apps.register,
    addPerson: (login, role) => {
      collaborators.set(login, role);
      return tokens.issue({ kind: 'user', login });
    },
  };
}

/** Whose token the lab's own pushes and dispatches carry. */
const OWNER_LOGIN = 'octocat';

function openAddresses(
  url: string,
  repository: string,
  tokens: Tokens,
): Pick<GitHub, 'remote' | 'cloneUrl' | 'userToken'> {
  const userToken = tokens.issue({ kind: 'user', login: OWNER_LOGIN });
  const remote = `http://${OWNER_LOGIN}:${userToken}@${url.slice('http://'.length)}/${repository}.git`;
  return { remote, cloneUrl: `${url}/${repository}.git`, userToken };
}

interface ContextParts {
  readonly url: string;
  readonly bare: string;
  readonly git: Git;
  readonly logs: OpenLogs;
  readonly runs: Runs;
  readonly repository: Repository;
  readonly name: string;
  readonly moved: RestContext['moved'];
  readonly statusWritten: RestContext['statusWritten'];
  readonly pulls: Pulls;
  readonly artifacts: OpenArtifacts;
  readonly approvals: Approvals;
}

function openContext(parts: ContextParts): RestContext {
  const { url, bare, git, logs, runs, repository, name, moved, pulls, artifacts, approvals, statusWritten } = parts;
  return {
    repository: name,
    statusWritten,
    url,
    api: `${url}${API_ROOT}`,
    runs: runs.all,
    cancel: runs.cancel,
    approve: runs.approve,
    rerun: runs.rerun,
    openLog: logs.open,
    artifacts: artifacts.artifacts,
    openDownload: artifacts.openDownload,
    git,
    rules: openRules(bare, git),
    faults: createFaults(git),
    moved,
    pulls,
    approvals,
    collaborators: new Map([[OWNER_LOGIN, 'admin']]),
    readWorkflows: repository.readWorkflows,
    dispatch: repository.dispatch,
    now: () => new Date(),
  };
}

/** GitHub serves a repository with and without `.git`. */
function withGitSuffix(url: string, repository: string): string {
  return url.startsWith(`/${repository}/`) && /^\/(info\/refs|git-)/.test(url.slice(repository.length + 1))
    ? `/${repository}.git${url.slice(repository.length + 1)}`
    : url;
}
