import { getOctokit } from '@actions/github';
import type { GitHubStage } from '#tests/support/github.ts';
import { openRunner } from '#tests/support/in-process.ts';
import { readInputs } from '../src/inputs.ts';
import { describeOutputs } from '../src/outputs.ts';
import { openPorts } from '../src/ports.ts';
import { run } from '../src/run.ts';
import { renderSummary } from '../src/summary.ts';

/** The rights that the README asks for. */
const RIGHTS = { contents: 'read', statuses: 'write', deployments: 'write' };
/** The App by which Argo CD reports. */
const APP = 'acme-slipway';
const WHERE = { owner: 'acme', repo: 'tenant' };

/** What a run left behind. */
export interface Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

/** Conditions of a run. */
export interface RunOptions {
  readonly rights?: Readonly<Record<string, string>>;
  /** The time; the real one where it is not given. */
  readonly now?: Date;
}

/** Runs the action against the stand-in for GitHub. */
export async function reportVerdict(
  { tenant, github }: GitHubStage,
  more: Readonly<Record<string, string>> = {},
  { rights = RIGHTS, now }: RunOptions = {},
): Promise<Ended> {
  const inputs = {
    ...{ app: `${APP}[bot]`, deadline: '15', branch: 'main', config: 'slipway.yaml' },
    ...{ token: github.tokenOf(rights), ...more },
  };
  const runner = openRunner(tenant, inputs, github.connection.env);
  const { ports, close } = await openPorts(runner, readInputs(runner));
  try {
    const verdicts = await run(readInputs(runner), now === undefined ? ports : { ...ports, now: () => now });
    const summary = renderSummary(verdicts, ports.repositoryUrl);
    return { outputs: describeOutputs(verdicts), summary, lines: runner.lines, warnings: runner.warnings };
  } finally {
    await close();
  }
}

/** Writes a status as Argo CD does. */
export async function say(
  { github }: GitHubStage,
  sha: string,
  state: 'success' | 'failure' | 'pending' | 'error',
  description: string,
  { app = APP, environment = 'production' } = {},
): Promise<void> {
  const { rest } = clientOf(github, github.tokenOf({ statuses: 'write' }, app));
  await rest.repos.createCommitStatus({ ...WHERE, sha, state, context: `argocd/${environment}`, description });
}

/** The verdicts on a commit, `<context> <state>: <description>`, newest of each context. */
export async function verdictsOn({ github }: GitHubStage, ref: string): Promise<string[]> {
  const { data } = await clientOf(github, github.person).rest.repos.getCombinedStatusForRef({ ...WHERE, ref });
  return data.statuses
    .filter(({ context }) => context.startsWith('slipway/'))
    .map(({ context, state, description }) => `${context} ${state}: ${description}`)
    .sort();
}

/** The Deployments of a commit, `<environment> <task> <states, newest first>`. */
export async function deploymentsOf({ github }: GitHubStage, sha: string): Promise<string[]> {
  const { rest } = clientOf(github, github.person);
  const { data } = await rest.repos.listDeployments({ ...WHERE, sha });
  const lines = data.map(async ({ id, environment, task }) => {
    const { data: states } = await rest.repos.listDeploymentStatuses({ ...WHERE, deployment_id: id });
    return `${environment} ${task} ${states.map(({ state }) => state).join(' ')}`;
  });
  return (await Promise.all(lines)).sort();
}

/** Copies the first record of a commit, as a person who may write Deployments; returns the last copy's id. */
export async function imitate({ github }: GitHubStage, sha: string, count = 1): Promise<number> {
  const { rest } = clientOf(github, github.person);
  const { data } = await rest.repos.listDeployments({ ...WHERE, sha, environment: 'staging' });
  const [own] = data;
  if (own === undefined) throw new Error('there is no record to copy');
  const { environment, task, payload } = own;
  const copy = { ...{ environment, task, payload }, ref: sha, auto_merge: false, required_contexts: [] };
  let last = 0;
  for (let made = 0; made < count; made++) {
    const { data } = await rest.repos.createDeployment({ ...WHERE, ...copy });
    if (!('id' in data)) throw new Error('GitHub merged instead');
    await rest.repos.createDeploymentStatus({ ...WHERE, deployment_id: data.id, state: 'success' });
    last = data.id;
  }
  return last;
}

/** The states of a Deployment, newest first. */
export async function statesOf({ github }: GitHubStage, id: number): Promise<string[]> {
  const { rest } = clientOf(github, github.person);
  const { data } = await rest.repos.listDeploymentStatuses({ ...WHERE, deployment_id: id });
  return data.map(({ state }) => state);
}

function clientOf({ connection }: GitHubStage['github'], token: string): ReturnType<typeof getOctokit> {
  return getOctokit(token, { baseUrl: connection.env['GITHUB_API_URL'] ?? '' });
}
