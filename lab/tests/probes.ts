import { setTimeout as sleep } from 'node:timers/promises';
import { openApi } from '#lab/cluster/api.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { World } from '#lab/world.ts';

/** Where something is probed. */
interface Namespace {
  readonly cluster: Pick<Cluster, 'kubectl' | 'apply' | 'kubeconfig'>;
  readonly namespace: string;
}

/** Asks the bot's Service ten times a second while `work` runs; returns how often it did not answer, and how often it did. */
export async function probeDuring(
  { cluster, namespace }: Namespace,
  work: () => Promise<unknown>,
): Promise<{ gaps: string[]; answers: number }> {
  const get = openApi(cluster.kubeconfig);
  const gaps: string[] = [];
  let [answers, isOver] = [0, false];
  const probing = (async () => {
    while (!isOver) {
      const path = `/api/v1/namespaces/${namespace}/services/http:discord-bot:http/proxy/health`;
      const answer = await get(path).catch((error: unknown) => ({ status: 0, body: String(error) }));
      if (answer.status === 200) answers++;
      else gaps.push(`${new Date().toISOString()} ${answer.status} ${answer.body.slice(0, 200)}`);
      await sleep(100);
    }
  })();
  await work().finally(() => {
    isOver = true;
  });
  await probing;
  return { gaps, answers };
}

let pulls = 0;

/** Starts a pod that must pull, with what the bot's pods pull with; returns what came of it. */
export async function pull(
  { until }: Pick<World, 'until'>,
  { cluster, namespace }: Namespace,
  image: string,
): Promise<'pulled' | 'refused'> {
  const name = `pulls-${++pulls}`;
  const here = (...args: string[]): Promise<string> => cluster.kubectl(['-n', namespace, ...args]);
  const limits = { cpu: '50m', memory: '32Mi' };
  const container = {
    name: 'pulls',
    image,
    imagePullPolicy: 'Always',
    command: ['node', '-e', '0'],
    resources: { requests: limits, limits },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const spec = {
    restartPolicy: 'Never',
    imagePullSecrets: [{ name: 'ecr-registry' }],
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
  };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec }]);
  const result = await until(`${name} pulls or does not`, async () => {
    const events = await here('get', 'events', '--field-selector', `involvedObject.name=${name}`);
    if (/ErrImagePull|Failed to pull/.test(events)) return 'refused' as const;
    return /Successfully pulled|already present|Created container/.test(events) ? ('pulled' as const) : undefined;
  });
  await here('delete', 'pod', name, '--grace-period=0', '--force');
  return result;
}
