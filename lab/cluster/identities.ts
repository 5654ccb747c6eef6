import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { openKeyPorts } from '#core/aws/keys/aws.ts';
import type { KeyOwner } from '#core/aws/keys/explain.ts';
import { rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Aws } from '#lab/aws/aws.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { LabEnvironment } from '#lab/environments.ts';

/** How long Terraform may take until the users and the parameters are there. */
const WITHIN_MS = 90_000;
/** The parameters that Terraform writes last for a project. */
const PARAMETERS = ['discord_token', 'litellm_api_key', 'discord_bot_id', 'discord_guild_id', 'litellm_base_url'];

const store = z.looseObject({
  kind: z.literal('SecretStore'),
  spec: z.looseObject({ provider: z.looseObject({ aws: z.looseObject({ prefix: z.string() }) }) }),
});

/** Returns the first part of an environment's parameters, which its SecretStore names; undefined where it has none. */
export function readProject(checkout: string, { overlay }: Pick<LabEnvironment, 'overlay'>): string | undefined {
  const file = join(checkout, overlay, 'kustomization.yaml');
  const { resources = [] } = z
    .looseObject({ resources: z.array(z.string()).optional() })
    .parse(parseAllDocuments(readFileSync(file, 'utf8'))[0]?.toJS());
  for (const name of resources.filter((resource) => /\.ya?ml$/.test(resource))) {
    const documents = parseAllDocuments(readFileSync(join(checkout, overlay, name), 'utf8'));
    const found = documents.map((document) => store.safeParse(document.toJS())).find(({ success }) => success);
    if (found?.data !== undefined) return found.data.spec.provider.aws.prefix.replaceAll('/', '');
  }
  return undefined;
}

/**
 * Does what a person does in steps 10 and 11 of the set-up: makes the keys of the users that Terraform made, the bot's
 * into the parameter store, the cluster's into its secret in each namespace.
 */
export async function makeIdentities(
  aws: Pick<Aws, 'endpoint' | 'region'>,
  cluster: Pick<Cluster, 'kubectl'>,
  namespaces: ReadonlyMap<string, string>,
  ending: AbortSignal,
): Promise<void> {
  const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };
  const iam = new IAMClient({ endpoint: aws.endpoint, region: aws.region, credentials });
  const ssm = new SSMClient({ endpoint: aws.endpoint, region: aws.region, credentials });
  const ports = openKeyPorts(iam, ssm);
  const made = new Map<string, Promise<unknown>>();
  for (const [namespace, project] of namespaces) {
    const bot =
      made.get(project) ??
      untilApplied(iam, ssm, project, ending).then(() => rotateKey(ownerOf(project, 'bot'), ports));
    made.set(project, bot);
    await bot;
    const { key } = await rotateKey(ownerOf(project, 'cluster'), ports);
    await cluster.kubectl(['apply', '-f', '-'], renderSecret(key, namespace));
  }
}

function ownerOf(project: string, identity: 'bot' | 'cluster'): KeyOwner {
  return {
    user: `${project}-${identity}`,
    parameter: `/${project}/${identity}_credentials`,
    storesSecret: identity === 'bot',
    commands: { rotate: '', retire: '', lookUp: '' },
  };
}

/** Terraform makes users and parameters first, and goes on for a minute with the queues. */
async function untilApplied(iam: IAMClient, ssm: SSMClient, project: string, ending: AbortSignal): Promise<void> {
  const limit = performance.now() + WITHIN_MS;
  const missing: (() => Promise<unknown>)[] = [
    ...['bot', 'cluster'].map((identity) => {
      const name = `${project}-${identity}`;
      return () => iam.send(new GetUserPolicyCommand({ UserName: name, PolicyName: name }));
    }),
    ...PARAMETERS.map((name) => () => ssm.send(new GetParameterCommand({ Name: `/${project}/${name}` }))),
  ];
  for (let next = missing.shift(); next !== undefined; ) {
    ending.throwIfAborted();
    const isThere = await next().then(
      () => true,
      () => false,
    );
    if (isThere) next = missing.shift();
    else if (performance.now() > limit)
      throw new Refusal(
        `Terraform made no users and parameters of ${project} within ${WITHIN_MS / 1000} s: does environments in terraform/aws/terraform.tfvars name it? See the log of terraform-apply`,
      );
    else await sleep(250);
  }
}
