import { randomBytes } from 'node:crypto';
import type { OpenArtifacts } from '#lab/github/artifacts/open.ts';
import type { GitHubOptions } from '#lab/github/github.ts';
import { GRAPHQL_PATH } from '#lab/github/graphql/graphql.ts';
import type { JobIdentity } from '#lab/github/identity/oidc.ts';
import type { Tokens } from '#lab/github/identity/tokens.ts';
import { OWNER_ID, REPOSITORY_ID } from '#lab/github/repository.ts';
import { API_ROOT } from '#lab/github/rest/rest.ts';
import type { Approvals } from '#lab/github/runner/approvals.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { createRuns, type Runs } from '#lab/github/runner/runs.ts';
import type { Workflow } from '#lab/github/runner/workflow.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** What runs share with the server. */
interface RunParts {
  readonly url: string;
  readonly bare: string;
  readonly tokens: Tokens;
  readonly requests: Map<string, JobIdentity>;
  readonly artifacts: OpenArtifacts;
  readonly approvals: Approvals;
}

/** Opens the runs of a repository: jobs in act, with the server's addresses and tokens of their own. */
export function openRuns(lab: Lab, toolbox: Toolbox, options: GitHubOptions, parts: RunParts): Runs {
  const { url, bare, tokens, requests, artifacts, approvals } = parts;
  return createRuns({
    exec: lab.exec,
    act: toolbox.tool('act'),
    path: lab.env['PATH'] ?? '',
    dir: lab.folder('github', 'jobs'),
    temp: lab.folder('tmp'),
    ending: lab.ending,
    bareRepository: bare,
    tokens,
    approvals,
    env: {
      ...options.env,
      SLIPWAY_LAB: lab.id,
      GITHUB_SERVER_URL: nameServer(url),
      GITHUB_API_URL: `${url}${API_ROOT}`,
      GITHUB_GRAPHQL_URL: `${url}${GRAPHQL_PATH}`,
      GITHUB_REPOSITORY: options.repository,
    },
    variables: options.variables ?? {},
    secrets: options.secrets ?? {},
    onChange: () => {},
    openJob: ({ run, record, job, permissions, workflow }) => {
      const results = artifacts.openJob(run.id, record.id, () => record.status === 'in_progress');
      if (permissions.idToken !== 'write') return results;
      const request = randomBytes(16).toString('hex');
      requests.set(request, identityOf(options.repository, run, workflow, job.environment));
      return {
        ...results,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/oidc/token?api-version=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: request,
      };
    },
  });
}

/**
 * Returns the server's name for jobs. Clients of artifacts take a server for GitHub's own by its name: `*.localhost` is
 * one that they accept. git, curl and browsers know it; Node may not, and has the API's address for its requests.
 */
function nameServer(url: string): string {
  return `http://github.localhost:${new URL(url).port}`;
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
    attempt: run.attempt,
    environment: typeof environment === 'object' ? environment.name : environment,
  };
}
