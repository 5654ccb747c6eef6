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

/** Gives each environment's namespace what a cluster's owner gives it: the pull secret, and storage for its claim. */
export async function prepareNamespaces(
  lab: Pick<Lab, 'folder'>,
  cluster: Pick<Cluster, 'apply'>,
  environments: ReadonlyMap<string, LabEnvironment>,
  access: PullAccess,
): Promise<void> {
  const namespaces = new Set([...environments.values()].map(({ namespace }) => namespace));
  const objects = [...namespaces].flatMap((namespace) => {
    const volume = lab.folder('volumes', namespace);
    chmodSync(volume, 0o777); // fsGroup does not reach hostPath volumes
    return describeNamespace(namespace, volume, access);
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

/** Returns a namespace, its pull secret, and the volume in `folder` that its claim `workspaces` binds to. */
export function describeNamespace(namespace: string, folder: string, { host, credentials }: PullAccess): unknown[] {
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { name: 'ecr-registry', namespace },
      stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [host]: { ...credentials, auth } } }) },
    },
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
