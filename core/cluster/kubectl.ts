import { type PullCredentials, parsePullCredentials } from '#core/cluster/pull-credentials.ts';
import type { Exec } from '#core/system/exec.ts';

const TIMEOUT_MS = 5_000;

/**
 * Returns the pull credentials of each namespace, by the kubectl and the kubeconfig of the person's shell; undefined where
 * these know no cluster, or one without External Secrets. Reads statuses alone, never a secret.
 */
export async function readPullCredentials(exec: Exec): Promise<PullCredentials[] | undefined> {
  try {
    const query = ['--all-namespaces', '--field-selector', 'metadata.name=ecr-registry', '-o', 'json'] as const;
    const argv = ['kubectl', '--request-timeout=4s', 'get', 'externalsecrets.external-secrets.io', ...query] as const;
    const { code, stdout } = await exec(argv, { accept: 'any', timeoutMs: TIMEOUT_MS });
    return code === 0 ? parsePullCredentials(stdout.toString('utf8')) : undefined;
  } catch {
    return undefined; // no kubectl, no answer in time, or not what External Secrets writes
  }
}
