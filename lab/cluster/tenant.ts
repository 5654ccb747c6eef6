import { chmodSync } from 'node:fs';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { LabEnvironment } from '#lab/environments.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

/** The registry that pods pull from. */
export interface PullAccess {
  readonly host: string;
  readonly credentials: RegistryCredentials;
}

/**
 * Gives each environment's namespace what a cluster's owner gives it: storage for its claim; and the pull secret, once,
 * where the tenant's manifests do not ask for it (`byHand`).
 */
export async function prepareNamespaces(
  lab: Pick<Lab, 'folder'>,
  cluster: Pick<Cluster, 'apply'>,
  environments: ReadonlyMap<string, LabEnvironment>,
  byHand: (environment: LabEnvironment) => PullAccess | undefined,
): Promise<void> {
  const namespaces = new Map([...environments.values()].map((environment) => [environment.namespace, environment]));
  const objects = [...namespaces].flatMap(([namespace, environment]) => {
    const volume = lab.folder('volumes', namespace);
    chmodSync(volume, 0o777); // fsGroup does not reach hostPath volumes
    return describeNamespace(namespace, volume, byHand(environment));
  });
  await cluster.apply([STORAGE_CLASS, ...objects]);
}

const STORAGE_CLASS = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'lab', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'kubernetes.io/no-provisioner',
  volumeBindingMode: 'Immediate',
};

/** Returns a namespace, the volume in `folder` that its claim `workspaces` binds to, and with `access` its pull secret. */
export function describeNamespace(namespace: string, folder: string, access?: PullAccess): unknown[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    },
    ...(access === undefined ? [] : [describePullSecret(namespace, access)]),
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `workspaces-${namespace}` },
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'lab',
        hostPath: { path: folder },
        claimRef: { namespace, name: 'workspaces' },
      },
    },
  ];
}

function describePullSecret(namespace: string, { host, credentials }: PullAccess): unknown {
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name: 'ecr-registry', namespace },
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [host]: { ...credentials, auth } } }) },
  };
}
