import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOctokit } from '@actions/github';
import { createExec } from '#core/system/exec.ts';
import { type OpenArtifacts, openArtifacts } from '#lab/github/artifacts/open.ts';
import { createFaults, type Faults } from '#lab/github/faults.ts';
import { createGraphQL } from '#lab/github/graphql/graphql.ts';
import { createApps, type RegisteredApp } from '#lab/github/identity/apps.ts';
import { computePermissions } from '#lab/github/identity/permissions.ts';
import { createTokens, type Tokens } from '#lab/github/identity/tokens.ts';
import { createOpenLogs } from '#lab/github/open-logs.ts';
import { createPulls, type PullOptions, type Pulls } from '#lab/github/pulls/pulls.ts';
import type { Collaborators, RestContext } from '#lab/github/rest/call.ts';
import { openGit } from '#lab/github/rest/git.ts';
import { API_ROOT, createRest, type Rest, type RestOptions } from '#lab/github/rest/rest.ts';
import { openRules, type Rules } from '#lab/github/rules.ts';
import { createApprovals } from '#lab/github/runner/approvals.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { parseWorkflow, readDispatchInputs } from '#lab/github/runner/workflow.ts';

/** The repository of the tests. */
export const WHERE = { owner: 'acme', repo: 'tenant' };
/** The time of every test. */
export const NOW = new Date('2026-11-24T03:00:00Z');

const WORKFLOWS = [
  parseWorkflow(
    '.github/workflows/deploy.yml',
    `name: Deploy
on: {push: {branches: [main]}, workflow_dispatch: {inputs: {image: {required: true}}}}
jobs: {build: {steps: [{run: "true"}]}}`,
  ),
  parseWorkflow('.github/workflows/ci.yml', 'on: push\njobs: {test: {steps: [{run: "true"}]}}'),
];

/** The API over a real bare repository, on loopback. */
export interface Api {
  readonly url: string;
  readonly root: string;
  readonly bare: string;
  /** Two commits: `main` is on the second, `team/topic` and the protected `locked` on the first. */
  readonly first: string;
  readonly second: string;
  readonly runs: RunRecord[];
  /** Who moved which reference, as the server was told. */
  readonly moves: { readonly by: string; readonly ref: string }[];
  /** Events of pull requests: `opened #1`. */
  readonly events: string[];
  readonly pulls: Pulls;
  /** What the runs uploaded, and where a job uploads. */
  readonly artifacts: OpenArtifacts;
  readonly collaborators: Collaborators;
  readonly rest: Rest;
  readonly rules: Rules;
  readonly faults: Faults;
  /** Token of a person. */
  readonly token: string;
  /** A client with all rights. */
  readonly person: ReturnType<typeof getOctokit>;
  client(token: string): ReturnType<typeof getOctokit>;
  /** A job's token; with `app`, one of that GitHub App. */
  tokenOf(permissions: Readonly<Record<string, string>>, app?: string): string;
  /** An App that is installed in the repository. */
  registerApp(slug: string, permissions: Readonly<Record<string, string>>): RegisteredApp;
  /** A client with a job's rights. */
  job(permissions: Readonly<Record<string, string>>): ReturnType<typeof getOctokit>;
  /** Asks without a client. */
  ask(path: string, init?: RequestInit & { headers?: Record<string, string> }): Promise<Response>;
  git(...args: string[]): string;
  /** Starts again, with nothing but what is in git. */
  reopen(options?: RestOptions): void;
  close(): Promise<void>;
}

/** Makes two commits and three branches. */
function fill(git: Api['git']): Pick<Api, 'first' | 'second'> {
  const tree = git('hash-object', '-t', 'tree', '-w', '/dev/null');
  const first = git('commit-tree', tree, '-m', 'First');
  const second = git('commit-tree', tree, '-p', first, '-m', 'Second\n\nwith a body');
  git('update-ref', 'refs/heads/main', second);
  git('update-ref', 'refs/heads/team/topic', first);
  git('update-ref', 'refs/heads/locked', first);
  return { first, second };
}

/** Opens an {@link Api}. */
export async function openApi(): Promise<Api> {
  const root = mkdtempSync(join(tmpdir(), 'slipway-rest-'));
  const bare = join(root, 'tenant.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', bare, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
      encoding: 'utf8',
    }).trim();
  const { first, second } = fill(git);
  const apps = createApps(() => NOW);
  const tokens = createTokens(apps);
  const token = tokens.issue({ kind: 'user', login: 'octocat' });
  const [runs, moves, events]: [RunRecord[], Api['moves'], string[]] = [[], [], []];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (await artifacts.answer(request, response)) return;
    if ((await state.rest.answer(request, response)) || (await state.graphql.answer(request, response))) return;
    const log = logs.read(request.url ?? '/');
    response.writeHead(log === undefined ? 404 : 200).end(log);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const logs = createOpenLogs(url);
  const artifacts = openArtifacts(url, () => NOW);
  const context = openContext({ url, bare, runs, moves, events, logs, artifacts, now: () => NOW });
  context.rules.protect('refs/heads/locked');
  const open = (options?: RestOptions) => ({
    rest: createRest(context, tokens, options),
    graphql: createGraphQL(context, tokens),
  });
  let state = open();
  const client = (bearer: string) => getOctokit(bearer, { baseUrl: `${url}${API_ROOT}` });
  const tokenOf: Api['tokenOf'] = (permissions, app) => issueJobToken(tokens, permissions, app);
  return {
    ...{ url, root, bare, first, second, runs, moves, events, token, client, git, artifacts },
    ...{ rules: context.rules, faults: context.faults, pulls: context.pulls, collaborators: context.collaborators },
    get rest() {
      return state.rest;
    },
    person: client(token),
    registerApp: apps.register,
    tokenOf,
    job: (permissions) => client(tokenOf(permissions)),
    ask: (path, { headers, ...init } = {}) =>
      fetch(`${url}${API_ROOT}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...headers } }),
    reopen: (options) => {
      state = open(options);
    },
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true });
    },
  };
}

/** Returns a new token of a job, with the rights of `permissions`; with `app`, one of that GitHub App. */
export function issueJobToken(tokens: Tokens, permissions: Readonly<Record<string, string>>, app?: string): string {
  const rights = computePermissions({}, permissions);
  return tokens.issue({ kind: 'job', permissions: rights, runId: 1, ...(app === undefined ? {} : { app }) });
}

/** What {@link openContext} is made of. */
export interface Parts {
  readonly url: string;
  readonly bare: string;
  readonly runs: RunRecord[];
  readonly moves: Api['moves'];
  /** Events of pull requests: `opened #1`. */
  readonly events?: string[];
  readonly logs: ReturnType<typeof createOpenLogs>;
  readonly artifacts?: OpenArtifacts;
  readonly now: () => Date;
}

/** Opens the state of a server whose runs are a list, and whose repository has no rules. */
export function openContext(parts: Parts): RestContext {
  const { url, bare, runs, moves, events = [], logs, now, artifacts = openArtifacts(url, now) } = parts;
  const git = openGit(createExec(process.env), bare);
  const moved: RestContext['moved'] = async (bearer, refs) => {
    moves.push(...refs.map(({ ref }) => ({ by: bearer.kind, ref })));
    await pulls.noteMoves('acme/tenant', refs, bearer);
  };
  const announce: PullOptions['announce'] = async (pull, action) => void events.push(`${action} #${pull.number}`);
  const pulls = createPulls({ git, repository: 'acme/tenant', now, moved, announce });
  return {
    pulls,
    moved,
    statusWritten: async () => {},
    repository: 'acme/tenant',
    url,
    api: `${url}${API_ROOT}`,
    runs,
    cancel: (run) => {
      if (run.status === 'completed') return false;
      Object.assign(run, { status: 'completed', conclusion: 'cancelled' });
      return true;
    },
    approve: () => false,
    rerun: (run, actor) => {
      if (run.status !== 'completed') return false;
      Object.assign(run, { attempt: run.attempt + 1, triggeringActor: actor });
      return true;
    },
    openLog: logs.open,
    artifacts: artifacts.artifacts,
    openDownload: artifacts.openDownload,
    git,
    rules: openRules(bare, git),
    faults: createFaults(git),
    approvals: createApprovals(),
    collaborators: new Map([['octocat', 'admin']]),
    readWorkflows: async () => WORKFLOWS,
    dispatch: async (file, inputs, branch, actor) => {
      const workflow = WORKFLOWS.find(({ path }) => path.endsWith(file));
      if (workflow !== undefined) readDispatchInputs(workflow, inputs);
      const ref = `refs/heads/${branch}`;
      const sha = (await git(['rev-parse', ref])).text.trim();
      const run = runOf({ id: runs.length + 1, event: 'workflow_dispatch', ref, sha, actor });
      runs.push(run);
      return run;
    },
    now,
  };
}

/** A run that is over, with one job that is, too, and one that never began. */
export function runOf(parts: Partial<RunRecord>): RunRecord {
  const step = { startedAt: NOW, milliseconds: 1200, summary: '', status: 'success' as const };
  return {
    id: 1,
    workflow: 'Deploy',
    path: '.github/workflows/deploy.yml',
    event: 'push',
    ref: 'refs/heads/main',
    sha: '0'.repeat(40),
    title: 'A change',
    actor: 'octocat',
    attempt: 1,
    triggeringActor: 'octocat',
    createdAt: NOW,
    status: 'completed',
    conclusion: 'success',
    annotations: [],
    jobs: [
      {
        id: 'build',
        status: 'completed',
        conclusion: 'success',
        steps: [{ ...step, name: 'Build', log: ['one', 'two'] }],
        annotations: [],
        outputs: {},
        startedAt: NOW,
        endedAt: NOW,
      },
      {
        id: 'bump',
        status: 'queued',
        conclusion: undefined,
        steps: [],
        annotations: [],
        outputs: {},
        startedAt: undefined,
        endedAt: undefined,
      },
    ],
    ...parts,
  };
}
