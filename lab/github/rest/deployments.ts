import { z } from 'zod';
import { loginOf } from '#lab/github/identity/tokens.ts';
import {
  type Answer,
  type Call,
  created,
  type Handlers,
  type RestContext,
  refuse,
  resolveCommit,
} from '#lab/github/rest/call.ts';
import { describeUser, nodeId, repositoryUrl } from '#lab/github/rest/describe.ts';
import { combineStates, latestStatuses, type StatusRecord } from '#lab/github/rest/statuses.ts';

const creation = z.object({
  ref: z.string(),
  task: z.string().default('deploy'),
  required_contexts: z.array(z.string()).optional(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).default(''),
  environment: z.string().default('production'),
  description: z.string().nullable().default(''),
  transient_environment: z.boolean().default(false),
  /** Without it, an environment called production is one. */
  production_environment: z.boolean().optional(),
});
const progress = z.object({
  state: z.enum(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
  target_url: z.string().default(''),
  log_url: z.string().default(''),
  description: z.string().default(''),
  environment: z.string().optional(),
  environment_url: z.string().default(''),
  auto_inactive: z.boolean().default(true),
});

interface DeploymentStatus extends z.output<typeof progress> {
  readonly id: number;
  readonly login: string;
  readonly createdAt: Date;
}

/** A deployment with its statuses, newest last. */
export interface DeploymentRecord extends z.output<typeof creation> {
  readonly id: number;
  readonly sha: string;
  readonly login: string;
  readonly createdAt: Date;
  readonly statuses: DeploymentStatus[];
}

/** Deployments and their statuses. https://docs.github.com/en/rest/deployments */
export function deploymentHandlers(
  context: RestContext,
  deployments: DeploymentRecord[],
  statuses: readonly StatusRecord[],
): Handlers {
  const find = (call: Call): DeploymentRecord | undefined =>
    deployments.find(({ id }) => id === call.parameters['deployment_id']);
  return {
    'repos/create-deployment': (call) => createDeployment(context, deployments, statuses, call),
    'repos/list-deployments': ({ parameters }) => {
      const list = deployments.filter((deployment) => fits(deployment, parameters)).reverse();
      return { status: 200, list: list.map((deployment) => describeDeployment(context, deployment)) };
    },
    'repos/get-deployment': (call) => {
      const deployment = find(call);
      if (deployment === undefined) return refuse(404, 'Not Found');
      return { status: 200, body: describeDeployment(context, deployment) };
    },
    'repos/create-deployment-status': (call) => {
      const deployment = find(call);
      if (deployment === undefined) return refuse(404, 'Not Found');
      const wanted = progress.parse(call.body);
      const status = addStatus(context, deployment, wanted, loginOf(call.bearer));
      if (wanted.state === 'success' && wanted.auto_inactive) retireOlder(context, deployments, deployment);
      return created(describeStatus(context, deployment, status));
    },
    'repos/get-deployment-status': (call) => {
      const deployment = find(call);
      const status = deployment?.statuses.find(({ id }) => id === call.parameters['status_id']);
      if (deployment === undefined || status === undefined) return refuse(404, 'Not Found');
      return { status: 200, body: describeStatus(context, deployment, status) };
    },
    'repos/list-deployment-statuses': (call) => {
      const deployment = find(call);
      if (deployment === undefined) return refuse(404, 'Not Found');
      const list = [...deployment.statuses].reverse();
      return { status: 200, list: list.map((status) => describeStatus(context, deployment, status)) };
    },
  };
}

/** `none` asks for any. */
function fits(deployment: DeploymentRecord, parameters: Call['parameters']): boolean {
  const keys = ['sha', 'ref', 'task', 'environment'] as const;
  return keys.every((key) => ['none', undefined, deployment[key]].includes(asText(parameters[key])));
}

async function createDeployment(
  context: RestContext,
  deployments: DeploymentRecord[],
  statuses: readonly StatusRecord[],
  { body, bearer }: Call,
): Promise<Answer> {
  const wanted = creation.parse(body);
  const sha = await resolveCommit(context, wanted.ref);
  if (sha === undefined) return refuse(422, `No ref found for: ${wanted.ref}`);
  if (!passes(latestStatuses(statuses, sha), wanted.required_contexts))
    return refuse(409, `Conflict: Commit status checks failed for ${wanted.ref}.`);
  const id = deployments.length + 1;
  const deployment = { ...wanted, id, sha, login: loginOf(bearer), createdAt: context.now(), statuses: [] };
  deployments.push(deployment);
  return { status: 201, body: describeDeployment(context, deployment) };
}

/** Without a list, every status that the commit has must be a success; an empty list asks for none. */
function passes(latest: readonly StatusRecord[], required: readonly string[] | undefined): boolean {
  if (required === undefined)
    return latest.length === 0 || combineStates(latest.map((status) => status.state)) === 'success';
  return required.every((name) => latest.some((status) => status.context === name && status.state === 'success'));
}

function addStatus(
  context: RestContext,
  deployment: DeploymentRecord,
  wanted: z.output<typeof progress>,
  login: string,
): DeploymentStatus {
  const id = deployment.id * 1000 + deployment.statuses.length + 1;
  const status = { ...wanted, id, login, createdAt: context.now() };
  deployment.statuses.push(status);
  return status;
}

/**
 * "Adds a new inactive status to all prior non-transient, non-production environment deployments with the same
 * repository and environment name … An inactive status is only added to deployments that had a success state."
 */
function retireOlder(context: RestContext, deployments: readonly DeploymentRecord[], newest: DeploymentRecord): void {
  for (const older of deployments) {
    if (older.id >= newest.id || older.environment !== newest.environment) continue;
    if (older.transient_environment || isProduction(older)) continue;
    if (older.statuses.at(-1)?.state !== 'success') continue;
    addStatus(context, older, progress.parse({ state: 'inactive' }), newest.login);
  }
}

function isProduction({ production_environment, environment }: DeploymentRecord): boolean {
  return production_environment ?? environment === 'production';
}

function describeDeployment(context: RestContext, deployment: DeploymentRecord): Record<string, unknown> {
  const { id, sha, ref, task, payload, environment, description, login, createdAt, statuses } = deployment;
  const url = `${repositoryUrl(context)}/deployments/${id}`;
  return {
    url,
    id,
    node_id: nodeId('Deployment', id),
    sha,
    ref,
    task,
    payload,
    original_environment: environment,
    environment,
    description,
    creator: describeUser(context, login),
    created_at: createdAt.toISOString(),
    updated_at: (statuses.at(-1)?.createdAt ?? createdAt).toISOString(),
    transient_environment: deployment.transient_environment,
    production_environment: isProduction(deployment),
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl(context),
  };
}

function describeStatus(
  context: RestContext,
  deployment: DeploymentRecord,
  status: DeploymentStatus,
): Record<string, unknown> & { readonly url: string } {
  const url = `${repositoryUrl(context)}/deployments/${deployment.id}`;
  const { id, state, description, target_url, log_url, environment_url, createdAt, login } = status;
  return {
    url: `${url}/statuses/${id}`,
    id,
    node_id: nodeId('DeploymentStatus', id),
    state,
    creator: describeUser(context, login),
    description,
    environment: status.environment ?? deployment.environment,
    target_url,
    log_url,
    environment_url,
    created_at: createdAt.toISOString(),
    updated_at: createdAt.toISOString(),
    deployment_url: url,
    repository_url: repositoryUrl(context),
  };
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
