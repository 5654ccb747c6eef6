import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { OciRegistry } from '#lab/aws/registry.ts';
import { startControlPlane } from '#lab/cluster/control-plane.ts';
import { startDns } from '#lab/cluster/dns.ts';
import { startKubeProxy } from '#lab/cluster/kube-proxy.ts';
import type { PodNetwork } from '#lab/cluster/network.ts';
import { startNetworkPolicies } from '#lab/cluster/network-policies.ts';
import { startNode } from '#lab/cluster/node.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

const NODE_WITHIN_MS = 60_000;

/** A real Kubernetes cluster of one node. */
export interface Cluster {
  readonly kubeconfig: string;
  /** A program for a person's shell: kubectl on this cluster. */
  readonly commandLine: string;
  readonly nodeAddress: string;
  /** Runs kubectl and returns what it prints. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Applies objects. */
  apply(objects: readonly unknown[]): Promise<void>;
  /** Returns pods of a namespace by a label. */
  pods(namespace: string, label: string): Promise<Pod[]>;
  /** Asks a pod over HTTP; undefined when it does not answer. */
  ask(pod: Pod, port: number, path: string): Promise<{ status: number; body: string } | undefined>;
}

const pod = z.looseObject({
  metadata: z.looseObject({ name: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
  status: z.looseObject({
    phase: z.string().optional(),
    podIP: z.string().optional(),
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    containerStatuses: z
      .array(
        z.looseObject({
          ready: z.boolean(),
          state: z.looseObject({
            waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).optional(),
          }),
        }),
      )
      .default([]),
  }),
});

/** A pod as the API server describes it. */
export type Pod = z.output<typeof pod>;

/** True when the pod gets traffic. */
export function isReadyPod(candidate: Pod): boolean {
  return candidate.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

/** Starts the cluster; it is there when its node is ready. */
export async function startCluster(
  lab: Lab,
  toolbox: Toolbox,
  { network, ...options }: { network: PodNetwork; registry: OciRegistry; registryHosts: readonly string[] },
): Promise<Cluster> {
  const plane = await startControlPlane(lab, toolbox, network.gateway);
  const node = await startNode(lab, toolbox, { network, kubeconfig: plane.kubeconfig, ...options });
  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const argv: [string, ...string[]] = [toolbox.tool('kubectl'), `--kubeconfig=${plane.kubeconfig}`, ...args];
    return (await lab.exec(argv, input === undefined ? {} : { input })).stdout.toString('utf8');
  };
  await waitForNode(kubectl, node.name);
  const parts = { network, kubeconfig: plane.kubeconfig, node: node.name };
  await Promise.all([startKubeProxy(lab, toolbox, parts), startNetworkPolicies(lab, toolbox, parts)]);
  const apply: Cluster['apply'] = async (objects) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], list);
  };
  await startDns(lab, toolbox, { apply }, options.registry);
  return {
    kubeconfig: plane.kubeconfig,
    commandLine: writeKubectl(lab, toolbox, plane.kubeconfig),
    nodeAddress: network.gateway,
    kubectl,
    apply,
    pods: async (namespace, label) => {
      const found: unknown = JSON.parse(await kubectl(['get', 'pods', '-n', namespace, '-l', label, '-o', 'json']));
      return z.object({ items: z.array(pod) }).parse(found).items;
    },
    ask: async (candidate, port, path) => {
      if (candidate.status.podIP === undefined) return undefined;
      const answer = await fetch(`http://${candidate.status.podIP}:${port}${path}`, {
        signal: AbortSignal.timeout(2_000),
      }).catch(() => undefined);
      return answer === undefined ? undefined : { status: answer.status, body: await answer.text() };
    },
  };
}

/** A short path: people type it. */
function writeKubectl(lab: Lab, toolbox: Toolbox, kubeconfig: string): string {
  const path = join(lab.dir, 'kubectl');
  writeFileSync(path, `#!/bin/sh\nexec '${toolbox.tool('kubectl')}' --kubeconfig='${kubeconfig}' "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

const nodeShape = z.looseObject({
  status: z.looseObject({
    conditions: z
      .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
      .default([]),
  }),
});

/** The kubelet registers its node by itself, a moment after it has started. */
async function waitForNode(kubectl: Cluster['kubectl'], name: string): Promise<void> {
  const limit = performance.now() + NODE_WITHIN_MS;
  for (let last = 'it has not registered'; ; ) {
    const found = await kubectl(['get', 'node', name, '-o', 'json', '--ignore-not-found']);
    const ready =
      found === ''
        ? undefined
        : nodeShape.parse(JSON.parse(found)).status.conditions.find((condition) => condition.type === 'Ready');
    if (ready?.status === 'True') return;
    last = ready?.message ?? last;
    if (performance.now() > limit)
      throw new Error(`the node ${name} is not ready: ${last}; see the log of the kubelet`);
    await sleep(250);
  }
}
