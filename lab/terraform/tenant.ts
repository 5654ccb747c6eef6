import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateOpenIDConnectProviderCommand, IAMClient } from '@aws-sdk/client-iam';
import { z } from 'zod';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import type { Aws } from '#lab/aws/aws.ts';
import { REGION } from '#lab/aws/moto.ts';
import { OWNER_ID, REPOSITORY_ID } from '#lab/github/repository.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { findProviderMirror } from '#lab/terraform/mirror.ts';
import { openStack } from '#lab/terraform/stack.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

const bootstrapOutputs = z.object({
  role_arns: z.record(z.string(), z.string()),
  repository_variables: z.record(z.string(), z.string()),
  trust_policies: z.record(z.string(), z.string()),
});

/** A role with the subjects that may assume it, and the workflows where only some may. */
export interface AppliedRole {
  readonly role: string;
  readonly subjects: readonly string[];
  readonly workflows: readonly string[] | undefined;
}

/** What Terraform made for the tenant and the first deploy needs. */
export interface AppliedTenant {
  readonly roles: readonly AppliedRole[];
  /** The repository's variables at GitHub. */
  readonly variables: Readonly<Record<string, string>>;
  /** How long the roles and the repositories took. */
  readonly milliseconds: number;
  /** Resolves with the milliseconds when the rest of the stack is applied; throws what Terraform said. Undefined where only the repositories were asked for. */
  readonly rest: (() => Promise<number>) | undefined;
}

/** What terraform.tfvars says otherwise for AWS itself: moto never answers who may use a dead-letter queue. */
export const ON_MOTO = { restrict_dead_letters: false };
/** The bucket of the states, as terraform/bootstrap names it. */
const BUCKET = 'discord-bot-state-123456789012';
/** What the workflows' Terraform must know of the lab: the same settings as {@link openStack} gives. */
export function initArguments(): string {
  const mirror = findProviderMirror();
  const settings = ['use_path_style=true', 'skip_s3_checksum=true'].map((setting) => `-backend-config=${setting}`);
  return [...(mirror === undefined ? [] : [`-plugin-dir=${mirror}`]), ...settings].join(' ');
}
/** Secrets that open nothing. */
const SECRETS = {
  TF_VAR_discord_token: `${'a'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`,
  TF_VAR_litellm_api_key: 'sk-the-lab-has-no-llm',
  TF_VAR_environment_secrets: JSON.stringify({
    staging: {
      discord_token: `${'d'.repeat(24)}.${'e'.repeat(6)}.${'f'.repeat(27)}`,
      litellm_api_key: 'sk-the-lab-has-no-llm-for-staging',
    },
  }),
};

/**
 * Applies terraform/bootstrap and the repositories of terraform/aws. With `whole` the rest and terraform/secrets follow in
 * the background: the provider waits 25 s for every queue, and no build needs one.
 */
export async function applyTenant(
  lab: Lab,
  toolbox: Toolbox,
  aws: Aws,
  options: { repository: string; whole: boolean },
): Promise<AppliedTenant> {
  const started = performance.now();
  const env = aws.adminEnv;
  const apply = ['apply', '-no-color', '-auto-approve'];
  await makeBucket(aws);
  const [made, stack] = await Promise.all([
    openStack(lab, toolbox, {
      stack: 'bootstrap',
      variables: { repository: options.repository, owner_id: OWNER_ID, repository_id: REPOSITORY_ID },
      env,
    }).then(async (bootstrap) => {
      await makeProvider(aws);
      // without the bucket: the provider waits a minute for its lifecycle rules, and no state is there
      // its state is a file, since moto takes the bucket's rule against plain HTTP for one that denies all
      await bootstrap.run([...apply, '-target=aws_iam_role_policy.this', '-target=aws_iam_policy.boundary']);
      return bootstrap.outputs(bootstrapOutputs);
    }),
    openStack(lab, toolbox, { stack: 'aws', variables: ON_MOTO, env, bucket: BUCKET }).then(async (opened) => {
      await opened.run([...apply, '-target=module.repositories']);
      return opened;
    }),
  ]);
  return {
    roles: Object.entries(made.trust_policies).map(([purpose, policy]) => ({
      role: made.role_arns[purpose] ?? '',
      subjects: claimsOf(policy, 'sub') ?? [],
      workflows: claimsOf(policy, 'job_workflow_ref'),
    })),
    variables: made.repository_variables,
    milliseconds: performance.now() - started,
    rest: options.whole ? await applyRest() : undefined,
  };

  async function applyRest(): Promise<() => Promise<number>> {
    const begun = performance.now();
    const secrets = await openStack(lab, toolbox, { stack: 'secrets', variables: {}, env, bucket: BUCKET });
    const running = await Promise.all([
      stack.start('terraform-apply', apply),
      secrets.start('terraform-apply-secrets', apply, SECRETS),
    ]);
    return async () => {
      while (running.some((process) => process.isRunning())) await sleep(100);
      for (const { log } of running) {
        const text = readFileSync(log, 'utf8');
        if (!text.includes('Apply complete!')) throw new Error(`terraform apply failed:\n${text.slice(-2000)}`);
      }
      return performance.now() - begun;
    };
  }
}

/** GitHub's OIDC provider, which an account has before its first tenant. */
async function makeProvider({ adminEnv }: Aws): Promise<void> {
  const iam = new IAMClient({
    endpoint: adminEnv['AWS_ENDPOINT_URL'] ?? '',
    region: REGION,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
  const Url = 'https://token.actions.githubusercontent.com';
  await iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ['sts.amazonaws.com'] }));
}

/** The bucket of the states without its rules, where jobs find them. */
async function makeBucket({ adminEnv }: Aws): Promise<void> {
  const scope = `Credential=lab/20260101/${REGION}/s3/aws4_request`; // by which the endpoint tells services apart
  const response = await fetch(`${adminEnv['AWS_ENDPOINT_URL']}/${BUCKET}`, {
    method: 'PUT',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0` },
    body: `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`,
  });
  if (!response.ok) throw new Error(`the bucket of the states could not be made: HTTP ${response.status}`);
}

function claimsOf(policy: string, claim: string): readonly string[] | undefined {
  const [statement] = parsePolicy('trust policy', JSON.parse(policy));
  return statement?.conditions.find((condition) => condition.key.endsWith(`:${claim}`))?.values;
}
