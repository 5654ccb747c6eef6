import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeApi } from '#core/cluster/api.ts';
import { fetchKubeconfig } from '#core/cluster/digitalocean.ts';
import { createExec } from '#core/system/exec.ts';
import { openScratch } from '#core/system/scratch.ts';
import { quote } from '#core/values/errors.ts';
import { showInvisible } from '#core/values/markdown.ts';
import { UsageError } from '../../command.ts';
import type { SlipwayPorts } from '../session.ts';
import { openKubeApi } from './kubectl-proxy.ts';

/** The options that say which cluster is meant. */
export const TARGET = {
  'do-cluster-name': {
    type: 'string',
    value: 'NAME',
    help: 'the DigitalOcean cluster; DO_CLUSTER_NAME unless given. DO_TOKEN in the environment is its login',
  },
  kubeconfig: { type: 'string', value: 'FILE', help: "how any other cluster is reached; kubectl's own unless given" },
  context: { type: 'string', value: 'NAME', help: "which of its contexts; kubectl's current one unless given" },
} as const;

/** Where the tenant's files are. */
export const FOLDER = {
  repository: {
    type: 'string',
    value: 'FOLDER',
    help: 'your clone of the repository; the current folder unless given',
  },
} as const;

/** The values of {@link TARGET}. */
export interface TargetValues {
  readonly 'do-cluster-name'?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Says which cluster it is, for a question that a person answers. */
export interface Where {
  readonly where: () => Promise<string>;
}

/**
 * Opens a cluster for one piece of work. DigitalOcean's kubeconfig is in a private file for as long as that takes; what
 * a killed run left is removed by the next one.
 */
export async function withCluster<T>(
  values: TargetValues,
  screen: SlipwayPorts,
  work: (api: KubeApi, where: Where['where']) => Promise<T>,
): Promise<T> {
  const { DO_TOKEN: token, ...environment } = screen.environment; // kubectl has no use for it
  const named = values['do-cluster-name'] ?? environment['DO_CLUSTER_NAME'];
  const given = values.kubeconfig ?? values.context;
  if (values['do-cluster-name'] !== undefined && given !== undefined)
    throw new UsageError('--do-cluster-name asks DigitalOcean for the login: leave --kubeconfig and --context out');
  const name = given === undefined ? named : undefined;
  if (name !== undefined && !token)
    throw new UsageError(
      'DO_TOKEN is not set: export it with the scopes kubernetes:read and kubernetes:access_cluster',
    );
  const scratch = await openScratch(screen.temp, 'cluster');
  try {
    const folder = await scratch.folder();
    let kubeconfig = values.kubeconfig === undefined ? undefined : screen.resolve(values.kubeconfig);
    if (name !== undefined) {
      kubeconfig = join(folder, 'kubeconfig');
      const url = readUrl(environment['DIGITALOCEAN_API_URL']);
      const text = await fetchKubeconfig(name, { ask: fetch, url, token: token ?? '' });
      await writeFile(kubeconfig, text, { mode: 0o600, flag: 'wx' });
    }
    const exec = createExec(environment);
    const api = await openKubeApi({ exec, kubeconfig, context: values.context, folder });
    try {
      return await work(api, async () =>
        name === undefined ? describeContext(api) : `the cluster ${quote(name)} of DigitalOcean`,
      );
    } finally {
      await api.close();
    }
  } finally {
    await scratch.remove();
  }
}

/** The context is the person's own word; where two have one name, the server tells them apart. */
async function describeContext(api: KubeApi): Promise<string> {
  const path = '{.contexts[0].name}{"\\n"}{.clusters[0].cluster.server}';
  const text = await api.kubectl(['config', 'view', '--minify', '--output', `jsonpath=${path}`]);
  const [context = '', server = ''] = text.split('\n');
  return `the cluster of the context ${quote(context)} (${showInvisible(server)})`;
}

/** The token goes to this address: it must be encrypted, unless it stays on this machine. */
function readUrl(url = 'https://api.digitalocean.com'): string {
  if (/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost):)/.test(url)) return url;
  throw new UsageError(`DIGITALOCEAN_API_URL: ${quote(url)} is not an https address`);
}
