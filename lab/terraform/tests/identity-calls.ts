import type { Call } from '#core/aws/iam/evaluate.ts';

const ACCOUNT = '123456789012';
const BOOTSTRAP = ['plan', 'apply', 'build-push', 'registry-read', 'retain'] as const;

/**
 * Who calls AWS: the roles of GitHub's jobs, the two users outside AWS, and `bounded`: one of these users, to whom someone
 * gave a policy that allows everything, so that only the boundary is left.
 */
export const IDENTITIES = [...BOOTSTRAP, 'bot', 'cluster', 'bounded'] as const;
export type Identity = (typeof IDENTITIES)[number];

/** A call by one of the identities. */
export interface IdentityCall extends Call {
  readonly identity: Identity;
}

/** What a tenant has at AWS, by its ARNs. */
export interface Estate {
  readonly tables: readonly string[];
  readonly queues: readonly string[];
  readonly deadLetters: readonly string[];
  readonly alarms: readonly string[];
  readonly repositories: readonly string[];
  readonly bucket: string;
  readonly boundary: string;
  readonly provider: string;
  readonly tableKey: string;
  readonly users: readonly string[];
  readonly roles: readonly string[];
  /** The object of a state, or of its lock: `state('aws')`, `state('aws', '.tflock')`. */
  state(stack: string, end?: string): string;
  /** A parameter of the environment that is spoken of, or its path. */
  parameter(name?: string): string;
  /** The same of every environment of the tenant. */
  parameters(name?: string): string[];
  /** The same of its other environments. */
  beside(name?: string): string[];
}

/** Names of a tenant's tables, queues and repositories, and where they are. */
interface Names {
  readonly project: string;
  readonly region: string;
  readonly tables: readonly string[];
  readonly queues: readonly string[];
  readonly repositories: readonly string[];
  /** Environments besides the first. */
  readonly environments?: readonly string[];
  /** The one that is spoken of; the first unless it is named. */
  readonly environment?: string;
}

function describeEstate({ project, region, environments = [], environment, ...names }: Names): Estate {
  const prefixes = [project, ...environments.map((name) => `${project}-${name}`)];
  const own = environment === undefined ? project : `${project}-${environment}`;
  const arn = (service: string, rest: string): string => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
  const iam = (rest: string): string => `arn:aws:iam::${ACCOUNT}:${rest}`;
  const bucket = `arn:aws:s3:::${project}-state-${ACCOUNT}`;
  return {
    tables: names.tables.map((name) => arn('dynamodb', `table/${name}`)),
    queues: names.queues.map((name) => arn('sqs', name)),
    deadLetters: names.queues.map((name) => arn('sqs', `${name}-dlq`)),
    alarms: names.queues.flatMap((name) =>
      ['dlq-depth', 'oldest-message'].map((alarm) => arn('cloudwatch', `alarm:${name}-${alarm}`)),
    ),
    repositories: names.repositories.map((name) => arn('ecr', `repository/${name}`)),
    bucket,
    boundary: iam(`policy/${project}-boundary`),
    provider: iam('oidc-provider/token.actions.githubusercontent.com'),
    tableKey: arn('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
    users: prefixes.flatMap((prefix) => ['bot', 'cluster'].map((user) => iam(`user/${prefix}-${user}`))),
    roles: BOOTSTRAP.map((role) => iam(`role/${project}-${role}`)),
    state: (stack, end = '') => `${bucket}/${stack}/terraform.tfstate${end}`,
    parameter: (name) => parameterOf(own, name),
    parameters: (name) => prefixes.map((prefix) => parameterOf(prefix, name)),
    beside: (name) => prefixes.filter((prefix) => prefix !== own).map((prefix) => parameterOf(prefix, name)),
  };

  function parameterOf(prefix: string, name?: string): string {
    return arn('ssm', name === undefined ? `parameter/${prefix}` : `parameter/${prefix}/${name}`);
  }
}

/** The tenant of this repository, by the names of terraform/aws/terraform.tfvars. */
const FIRST: Names = {
  project: 'discord-bot',
  region: 'ca-central-1',
  tables: ['discord_sessions', 'discord_executions', 'discord-messages', 'chat_history'],
  queues: ['agentic-events', 'discord-messages'],
  repositories: ['discord-bot', 'dev-sandbox'],
  environments: ['staging'],
};
export const first = describeEstate(FIRST);

/** Its environment staging: the same tables and queues, users and parameters of its own. */
export const staging = describeEstate({ ...FIRST, environment: 'staging' });

/** A tenant beside it that says nothing but its name and its region. */
export const second = describeEstate({
  project: 'second-bot',
  region: 'eu-west-1',
  tables: ['sessions', 'executions', 'messages', 'history'].map((name) => `second-bot-${name}`),
  queues: ['second-bot-agentic-events', 'second-bot-discord-messages'],
  repositories: ['second-bot', 'second-bot-sandbox'],
});

/** Returns a call of each action (names without their service, parted by spaces) on each resource. */
export function callsOf(
  identity: Identity,
  service: string,
  actions: string,
  resources: string | readonly string[] = '*',
  context: Call['context'] = {},
): IdentityCall[] {
  return actions
    .split(' ')
    .flatMap((action) =>
      [resources].flat().map((resource) => ({ identity, action: `${service}:${action}`, resource, context })),
    );
}

/** The context of a call about a user that has, or gets, a boundary. */
export function underBoundary(arn: string): NonNullable<Call['context']> {
  return { 'iam:PermissionsBoundary': [arn] };
}
