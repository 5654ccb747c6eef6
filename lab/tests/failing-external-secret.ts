import type { Cluster } from '#lab/cluster/cluster.ts';

const KIND = 'externalsecrets.external-secrets.io';

/**
 * Applies an ExternalSecret that cannot read its parameter, with the status and the event that External Secrets writes.
 * By hand: the status is what doctor reads, and it must be there whether or not External Secrets runs in this lab.
 */
export async function applyFailingExternalSecret(cluster: Cluster, namespace: string): Promise<void> {
  const known = await cluster.kubectl(['get', 'crd', KIND, '--ignore-not-found', '-o', 'name']);
  if (known.trim() === '') {
    await cluster.apply([DEFINITION]);
    await cluster.kubectl(['wait', '--for=condition=Established', `crd/${KIND}`, '--timeout=20s']);
  }
  const metadata = { name: 'discord-bot-secrets', namespace };
  const remoteRef = { key: '/discord-bot/discord_token' };
  const object = {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'SecretStore', name: 'not-there' },
      target: { name: 'discord-bot-secrets' },
      data: [{ secretKey: 'discord_token', remoteRef }],
    },
  };
  await cluster.apply([object]);
  const message = 'could not get secret data from provider';
  const condition = { type: 'Ready', status: 'False', reason: 'SecretSyncedError', message };
  const status = { conditions: [{ ...condition, lastTransitionTime: new Date().toISOString() }] };
  const patch = JSON.stringify({ status });
  await cluster.kubectl([
    'patch',
    KIND,
    '-n',
    namespace,
    metadata.name,
    '--subresource=status',
    '--type=merge',
    '-p',
    patch,
  ]);
  const now = new Date().toISOString();
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'discord-bot-secrets.failed', namespace },
      type: 'Warning',
      reason: 'UpdateFailed',
      message: `error processing spec.data[0] (key: ${remoteRef.key}), err: operation error SSM: GetParameter, https response error StatusCode: 400, ParameterNotFound: `,
      involvedObject: { apiVersion: object.apiVersion, kind: object.kind, ...metadata },
      source: { component: 'external-secrets' },
      ...{ firstTimestamp: now, lastTimestamp: now, count: 1 },
    },
  ]);
}

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: KIND },
  spec: {
    group: 'external-secrets.io',
    scope: 'Namespaced',
    names: { kind: 'ExternalSecret', plural: 'externalsecrets', singular: 'externalsecret' },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
