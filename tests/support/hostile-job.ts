import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { parse } from 'yaml';
import { z } from 'zod';
import { evaluateTrust } from '#core/aws/iam/assume.ts';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import { createOidcIssuer, type JobIdentity } from '#lab/github/identity/oidc.ts';
import { computePermissions, type Permissions } from '#lab/github/identity/permissions.ts';
import { OWNER_ID, REPOSITORY_ID } from '#lab/github/repository.ts';
import { fillText, type Value } from '#lab/github/runner/expression.ts';
import { parseWorkflow, type Workflow } from '#lab/github/runner/workflow.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { writeInputs } from '#tests/support/step-process.ts';
import { KEY } from '#tests/support/terraform.ts';

type Strings = Readonly<Record<string, string>>;

/** The workflow of pull requests, as this repository has it. */
export const pullRequestWorkflow = readWorkflowFile('pull-request.yml');

/** Reads a workflow of this repository. */
export function readWorkflowFile(name: string): Workflow {
  const path = `.github/workflows/${name}`;
  return parseWorkflow(path, readFileSync(join(repositoryRoot, path), 'utf8'));
}

/** The secrets of the repository's environments; outside of them there are none. */
const ENVIRONMENTS: Readonly<Record<string, Strings>> = {
  plan: { TERRAFORM_PLAN_KEY: KEY },
  aws: { TERRAFORM_PLAN_KEY: KEY },
};

const TOKEN = 'ghs_of_the_job';

/** Every secret by its value. */
export const SECRETS: ReadonlyMap<string, string> = new Map([
  [TOKEN, 'GITHUB_TOKEN'],
  [KEY, 'TERRAFORM_PLAN_KEY'],
]);

/** What GitHub gives to a job in the run of pull request 7, from a branch of the same repository. */
export interface HostileJob {
  readonly rights: Permissions;
  /** What its tokens say of it. */
  readonly identity: JobIdentity;
  /** The inputs of the step that uses an action below `actions`, and what the steps before it have left in the environment. */
  stepVariables(action: string, actions?: string): Record<string, string>;
  /** A text with the expressions in it filled in. */
  fill(text: string): string;
}

/** Reads a job of a workflow as an event of a branch starts it: `ref` is where the event takes the file from. */
export function openJob(
  workflow: Workflow,
  id: string,
  { event = 'pull_request', ref = 'refs/pull/7/merge' }: { event?: string; ref?: string } = {},
): HostileJob {
  const job = workflow.jobs.get(id);
  if (job === undefined) throw new Error(`${workflow.path} has no job ${id}`);
  const environment = typeof job.environment === 'object' ? job.environment.name : job.environment;
  const secrets: Strings = { GITHUB_TOKEN: TOKEN, ...(environment === undefined ? {} : ENVIRONMENTS[environment]) };
  const fill = (text: string): string => fillText(text, { values: contextsOf(secrets) });
  const who = { repository: 'acme/tenant', ownerId: OWNER_ID, repositoryId: REPOSITORY_ID, actor: 'mallory', runId: 7 };
  const where = { ref, sha: '0'.repeat(40), workflow: workflow.name, workflowPath: workflow.path, event };
  return {
    rights: computePermissions(workflow.permissions, job.permissions),
    identity: { ...who, ...where, environment },
    fill,
    stepVariables: (action, actions = join(repositoryRoot, 'actions')) => {
      const at = job.steps.findIndex(({ uses }) => uses === `./actions/${action}`);
      const step = z.looseObject({ with: z.record(z.string(), z.unknown()).default({}) }).parse(job.steps[at] ?? {});
      const before = job.steps.slice(0, at).map(({ uses = '' }) => uses.split('@')[0]);
      const given = { ...readDefaults(join(actions, action)), ...step.with };
      const inputs = Object.entries(given).map(([name, value]) => [name, fill(String(value ?? ''))]);
      return {
        ...writeInputs(Object.fromEntries(inputs)),
        ...(before.includes('aws-actions/configure-aws-credentials') ? SESSION : {}),
      };
    },
  };
}

/** What configure-aws-credentials leaves: a session of the role that it is told. */
const SESSION = {
  AWS_ACCESS_KEY_ID: 'ASIAPLAN',
  AWS_SECRET_ACCESS_KEY: 'session-secret',
  AWS_SESSION_TOKEN: 'session',
};

function readDefaults(folder: string): Record<string, unknown> {
  const text = readFileSync(join(folder, 'action.yml'), 'utf8');
  const { inputs = {} } = z.object({ inputs: z.record(z.string(), z.looseObject({})).optional() }).parse(parse(text));
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input['default'] ?? '']));
}

function contextsOf(secrets: Strings): Record<string, Value> {
  const sha = '0'.repeat(40);
  const full_name = 'acme/tenant';
  const pull_request = { number: 7, head: { sha, repo: { full_name } }, base: { sha } };
  const result = { result: 'success', outputs: { stacks: '["app"]' } };
  return {
    secrets,
    vars: {},
    matrix: { stack: 'app' },
    needs: { reach: result, manifests: result, plan: result, check: result },
    github: {
      repository: full_name,
      sha,
      ref_name: '7/merge',
      token: secrets['GITHUB_TOKEN'] ?? '',
      event: { pull_request },
    },
  };
}

/** Who gives jobs the tokens that name them, on loopback. */
export interface Issuer {
  /** Returns what a job with the right to its token has in its environment; nothing without that right. */
  give(job: HostileJob): Record<string, string>;
  /** Returns the roles of terraform/bootstrap that a token opens, by their trust policies. */
  rolesOf(token: string): Promise<string[]>;
  /** Returns the roles that a job's token opens; none where it can ask for no token. */
  rolesOfJob(job: HostileJob): Promise<string[]>;
  close(): Promise<void>;
}

const AUDIENCE = 'sts.amazonaws.com';
const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';

/** Starts the issuer of GitHub's tokens. */
export async function startIssuer(): Promise<Issuer> {
  const jobs = new Map<string, JobIdentity>();
  const issuer = await createOidcIssuer('https://token.actions.githubusercontent.com');
  const keys = createLocalJWKSet(issuer.documents()['jwks'] as JSONWebKeySet); // it is written as one
  const sign = (job: JobIdentity): Promise<string> => issuer.sign(job, AUDIENCE);
  const server = createServer((request, response) => {
    const job = jobs.get((request.headers.authorization ?? '').replace(/^bearer /i, ''));
    if (job === undefined) return void response.writeHead(401).end();
    void sign(job).then((value) => response.end(JSON.stringify({ value })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const trust = readTrust();
  const rolesOf: Issuer['rolesOf'] = async (token) => {
    if (token === '') return [];
    const { payload } = await jwtVerify(token, keys);
    const claims = Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, String(value)]));
    const opens = (role: string): boolean =>
      evaluateTrust(trust[role] ?? [], { provider: PROVIDER, claims }).decision === 'allowed';
    return Object.keys(trust).filter(opens).sort();
  };
  return {
    give: ({ rights, identity }) => {
      if (rights.idToken !== 'write') return {};
      const request = `request-${jobs.size}`;
      jobs.set(request, identity);
      const url = `http://127.0.0.1:${port}/token?api-version=1`;
      return { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: request };
    },
    rolesOf,
    rolesOfJob: async ({ rights, identity }) => (rights.idToken === 'write' ? rolesOf(await sign(identity)) : []),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The trust policies that terraform test holds against the plan of terraform/bootstrap, to the letter. */
export function readTrust(): Record<string, readonly Statement[]> {
  const text = readFileSync(join(repositoryRoot, 'terraform/bootstrap/tests/policies.json'), 'utf8');
  const policies = z.record(z.string(), z.looseObject({ trust: z.array(z.unknown()).optional() }));
  const roles = Object.entries(policies.parse(JSON.parse(text))).filter(([, { trust }]) => trust !== undefined);
  const read = (name: string, trust: unknown): Statement[] =>
    parsePolicy(name, { Version: '2012-10-17', Statement: trust });
  return Object.fromEntries(roles.map(([name, { trust }]) => [name, read(name, trust)]));
}
