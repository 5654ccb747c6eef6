import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { World } from '#lab/world.ts';

const NAME = 'discord-bot-secrets';
/** In the form that the bot asks for. */
const NOT_A_TOKEN = `${'not-a-token'.repeat(2)}.none.${'not-a-token'.repeat(2)}`;

/**
 * Lets External Secrets write the bot's Secret from a parameter of the lab's AWS, as the tenant's overlays have it, and then
 * takes the parameter away. Resolves when External Secrets has noticed.
 */
export async function takeParameterAway(world: World, cluster: Cluster, namespace: string): Promise<void> {
  const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };
  const ssm = new SSMClient({ endpoint: world.aws.endpoint, region: world.aws.region, credentials });
  const parameter = `/${namespace}/discord_token`;
  await ssm.send(new PutParameterCommand({ Name: parameter, Value: NOT_A_TOKEN, Type: 'SecureString' }));
  await cluster.apply(describeObjects(namespace, world.aws.region));
  const untilReady = (status: string): Promise<true> =>
    world.until(
      `${parameter}: the ExternalSecret is ready: ${status}`,
      async () => ((await readReadiness(cluster, namespace)) === status ? true : undefined),
      120_000,
    );
  await untilReady('True');
  await ssm.send(new DeleteParameterCommand({ Name: parameter }));
  await untilReady('False');
}

const externalSecret = z.looseObject({
  status: z
    .looseObject({ conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]) })
    .default({ conditions: [] }),
});

async function readReadiness(cluster: Cluster, namespace: string): Promise<string | undefined> {
  const read = await cluster.kubectl(['get', 'externalsecret', '-n', namespace, NAME, '-o', 'json']);
  return externalSecret.parse(JSON.parse(read)).status.conditions.find(({ type }) => type === 'Ready')?.status;
}

function describeObjects(namespace: string, region: string): readonly object[] {
  const keys = { accessKeyIDSecretRef: 'AWS_ACCESS_KEY_ID', secretAccessKeySecretRef: 'AWS_SECRET_ACCESS_KEY' };
  const secretRef = Object.fromEntries(Object.entries(keys).map(([ref, key]) => [ref, { name: 'aws-cluster', key }]));
  const metadata = (name: string): object => ({ name, namespace });
  const group = 'external-secrets.io/v1';
  return [
    {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: metadata('aws-cluster') },
      stringData: { AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' },
    },
    {
      ...{ apiVersion: group, kind: 'SecretStore', metadata: metadata('parameters') },
      spec: { provider: { aws: { service: 'ParameterStore', region, prefix: `/${namespace}/`, auth: { secretRef } } } },
    },
    {
      ...{ apiVersion: group, kind: 'ExternalSecret', metadata: metadata(NAME) },
      spec: {
        refreshInterval: '3s',
        secretStoreRef: { kind: 'SecretStore', name: 'parameters' },
        target: { name: NAME, creationPolicy: 'Owner', deletionPolicy: 'Retain' },
        data: [{ secretKey: 'discord_token', remoteRef: { key: 'discord_token' } }],
      },
    },
  ];
}
