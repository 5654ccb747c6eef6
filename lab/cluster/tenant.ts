import { chmodSync } from 'node:fs';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

/** The tenant's namespaces, by environment. */
export const NAMESPACES = { production: 'discord-bot', staging: 'discord-bot-staging' } as const;

/** Gives the tenant's namespaces what a cluster's owner gives them: the pull secret, and storage for their claims. */
export async function prepareNamespaces(
  lab: Lab,
  cluster: Cluster,
  registryHost: string,
  credentials: RegistryCredentials,
): Promise<void> {
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  const docker = JSON.stringify({ auths: { [registryHost]: { ...credentials, auth } } });
  const storage = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'lab', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'Immediate',
  };
  const ofNamespace = (namespace: string): unknown[] => {
    const path = lab.folder('volumes', namespace);
    chmodSync(path, 0o777); // fsGroup does not reach hostPath volumes
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
        stringData: { '.dockerconfigjson': docker },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `workspaces-${namespace}` },
        spec: {
          capacity: { storage: '10Gi' },
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'lab',
          hostPath: { path },
          claimRef: { namespace, name: 'workspaces' },
        },
      },
    ];
  };
  await cluster.apply([storage, ...Object.values(NAMESPACES).flatMap(ofNamespace)]);
}
