import { join } from 'node:path';
import { z } from 'zod';
import { awsEnvironment } from '#lab/aws/aws.ts';
import { REGION, startMoto } from '#lab/aws/moto.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { ON_MOTO } from '#lab/terraform/tenant.ts';
import { type Rights, readRights } from '#lab/terraform/tests/rights.ts';
import { obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

/** Secrets that must show up nowhere but in their parameters. */
export const CANARIES = {
  TF_VAR_discord_token: `CANARY${'a'.repeat(20)}.CANARY.${'b'.repeat(27)}`,
  TF_VAR_litellm_api_key: 'CANARY-litellm-key',
  TF_VAR_environment_secrets: JSON.stringify({
    staging: {
      discord_token: `CANARY${'d'.repeat(20)}.CANARY.${'e'.repeat(27)}`,
      litellm_api_key: 'CANARY-staging-key',
    },
  }),
};
export const SECOND_CANARIES = {
  TF_VAR_discord_token: CANARIES.TF_VAR_discord_token,
  TF_VAR_litellm_api_key: 'CANARY-second-key',
};
/** A tenant that says nothing but its name: every other name begins with it. */
const SECOND = { region: 'eu-west-1', project: 'second-bot', tables: {}, queues: {}, repositories: null };

/** The bucket of its states. */
export const SECOND_STATES = 'second-states';

/** What says of the lab's repository who may assume the roles. */
const GITHUB = { repository: 'acme/tenant', owner_id: 1001, repository_id: 2002 };

/** A tenant's stacks. */
export interface TenantStacks {
  readonly bootstrap: Stack;
  readonly stack: Stack;
  readonly secrets: Stack;
}

/** Opens the stacks of a second tenant, in another region; their states are in a bucket of its own, which is there. */
export async function openSecond(
  open: (stack: string, variables: Readonly<Record<string, unknown>>, bucket: string) => Promise<Stack>,
): Promise<TenantStacks> {
  const { project, region } = SECOND;
  return {
    bootstrap: await open('bootstrap', { ...GITHUB, ...SECOND, environments: [] }, SECOND_STATES),
    stack: await open('aws', { ...ON_MOTO, ...SECOND, environments: {} }, SECOND_STATES),
    secrets: await open('secrets', { project, region, environments: [] }, SECOND_STATES),
  };
}

/** Outputs of the stack that the tests read. */
export const outputs = z.looseObject({
  discord_messages_queue_url: z.string(),
  agentic_events_queue_url: z.string(),
  discord_messages_table_name: z.string(),
  dead_letter_queue_urls: z.record(z.string(), z.string()),
  policies: z.record(z.string(), z.string()),
  table_names: z.record(z.string(), z.string()),
  parameter_path: z.string(),
});

/** The stacks on moto, and those of a second tenant. */
export interface AppliedStacks {
  readonly lab: Lab;
  readonly toolbox: Toolbox;
  readonly env: Readonly<Record<string, string>>;
  readonly bootstrap: Stack;
  readonly stack: Stack;
  readonly secrets: Stack;
  /** The second tenant's stacks, in another region. */
  readonly second: TenantStacks;
  readonly outputs: z.output<typeof outputs>;
  /** What the identities of the tenant may, and those of the second. */
  readonly rights: Readonly<Record<'first' | 'second', Rights>>;
  /** The file in which the provider logged the calls of the tenant's apply of terraform/aws. */
  readonly applyCalls: string;
  /** What every run of Terraform printed, in each stack of both tenants, up to now. */
  readonly said: readonly string[];
  /** Runs the AWS command line and returns its JSON. */
  aws(...args: string[]): Promise<unknown>;
  /** Runs a command of a document as it is written there, and returns its JSON. */
  shell(command: string): Promise<unknown>;
}

let current: AppliedStacks | undefined;

/** Returns the stacks that {@link applyStacks} applied; throws before. */
export function stacks(): AppliedStacks {
  if (current === undefined) throw new Error('no stack is applied yet');
  return current;
}

/** Starts moto and applies all stacks, those of the two tenants side by side. */
export async function applyStacks(): Promise<void> {
  const toolbox = await obtainTools(['terraform', 'moto'], silentProgress);
  const lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const moto = await startMoto(lab, toolbox);
  const env: Record<string, string> = {
    ...awsEnvironment(`http://${moto}`),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const aws: AppliedStacks['aws'] = async (...args) => {
    const endpoint = ['--endpoint-url', env['AWS_ENDPOINT_URL'] ?? ''];
    const { stdout } = await lab.exec(['aws', '--output', 'json', ...endpoint, ...args], { extraEnv: env });
    return stdout.length === 0 ? {} : JSON.parse(stdout.toString('utf8'));
  };
  const shell: AppliedStacks['shell'] = async (command) => {
    const setUp = `aws() { command aws --output json --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n`;
    const { stdout } = await lab.exec(['bash', '-c', `set -euo pipefail\n${setUp}${command}`], { extraEnv: env });
    return JSON.parse(stdout.toString('utf8'));
  };
  const place = ['--create-bucket-configuration', `LocationConstraint=${REGION}`];
  for (const bucket of ['states', SECOND_STATES]) {
    await aws('s3api', 'create-bucket', '--bucket', bucket, ...place);
    await aws('s3api', 'put-bucket-versioning', '--bucket', bucket, '--versioning-configuration', 'Status=Enabled');
  }
  const said: string[] = [];
  const kept = { env, said, keepsProvider: true };
  const open = (stack: string, variables: Readonly<Record<string, unknown>>, bucket?: string): Promise<Stack> =>
    openStack(lab, toolbox, { stack, variables, ...kept, ...(bucket === undefined ? {} : { bucket }) });
  const provider = ['--url', 'https://token.actions.githubusercontent.com', '--client-id-list', 'sts.amazonaws.com'];
  await aws('iam', 'create-open-id-connect-provider', ...provider); // the account's, before its first tenant
  const bootstrap = await open('bootstrap', GITHUB);
  const stack = await open('aws', ON_MOTO, 'states');
  const secrets = await open('secrets', {}, 'states');
  const second = await openSecond(open);
  const apply = ['apply', '-no-color', '-auto-approve'];
  const applyCalls = join(lab.folder('calls'), 'apply.log');
  // at the same time: the provider waits 25 s for each queue, and a minute for the rules of the state bucket
  await Promise.all([
    bootstrap.run(apply),
    second.bootstrap.run(apply),
    stack.run(apply, { env: { TF_LOG: 'DEBUG', TF_LOG_PATH: applyCalls } }),
    secrets.run(apply, { env: CANARIES }),
    second.stack.run(apply),
    second.secrets.run(apply, { env: SECOND_CANARIES }),
  ]);
  const applied = await stack.outputs(outputs);
  current = {
    ...{ lab, toolbox, env, bootstrap, stack, secrets, second, aws, shell, applyCalls, outputs: applied },
    rights: { first: await rightsOf(bootstrap, stack), second: await rightsOf(second.bootstrap, second.stack) },
    said,
  };
}

/** What Terraform says that it gave, by its outputs. */
async function rightsOf(bootstrap: Stack, stack: Stack): Promise<Rights> {
  const texts = z.record(z.string(), z.string());
  const made = await bootstrap.outputs(z.looseObject({ policies: texts, trust_policies: texts }));
  const { policies } = await stack.outputs(z.looseObject({ policies: texts }));
  const parse = (of: Readonly<Record<string, string>>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(of).map(([name, text]) => [name, JSON.parse(text)]));
  return readRights(parse({ ...made.policies, ...policies }), parse(made.trust_policies));
}
