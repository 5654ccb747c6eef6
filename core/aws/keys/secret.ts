import { type AccessKey, toVariables } from '#core/aws/keys/rotate.ts';

/** Returns the Kubernetes secret that the cluster's own tools log in to AWS with, as JSON for `kubectl apply -f -`. */
export function renderSecret(key: AccessKey, namespace: string): string {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'aws-cluster', namespace },
    type: 'Opaque',
    stringData: toVariables(key),
  };
  return `${JSON.stringify(secret)}\n`;
}
