import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { API_PORT } from '#lab/cluster/control-plane.ts';
import { DNS_ADDRESS } from '#lab/cluster/service-network.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { nameOf, type Row, SOURCES, type Source, TABLE } from '#lab/walls/table.ts';

/** Addresses that the test puts on the pods' bridge: public ones, and those that no pod may ever reach. */
export const LISTED = '198.51.100.7';
const PUBLIC = '198.51.100.80';
const METADATA = '169.254.169.254';
const SHARED = '100.64.7.7';
const PORTS = [53, 80, 443, 8443, 9000];

/** Where the probes start and end. */
export interface Ground {
  /** Runs every row's probe, those of a pod at once; returns `open`, or `closed`, or what else happened, by row. */
  probe(): Promise<Record<string, string>>;
  /** Runs a script of ours in a pod and returns what it prints. */
  run(source: Source, script: string, args?: readonly string[]): Promise<string>;
  readonly pods: Readonly<Record<Source, Place>>;
  close(): void;
}

/** A pod, by name. */
export interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly address: string;
}

const podList = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.looseObject({ podIP: z.string().default('') }),
    }),
  ),
});
const PROBE = readFileSync(join(import.meta.dirname, 'probe.mjs'), 'utf8');

/** Prepares addresses, listeners and the two pods that only the table needs. */
export async function prepareGround(
  lab: Lab,
  cluster: Cluster,
  { namespace, clone, bridge }: { namespace: string; clone: string; bridge: string },
): Promise<Ground> {
  const servers = await listenOnNode(lab, cluster.nodeAddress, bridge);
  const image = readBaseImage(clone);
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'stranger' } },
    describePod('stranger', 'stranger', image),
    describePod('neighbour', namespace, image),
  ]);
  for (const [pod, where] of [
    ['stranger', 'stranger'],
    ['neighbour', namespace],
  ] as const)
    await cluster.kubectl(['wait', '-n', where, '--for=condition=Ready', `pod/${pod}`, '--timeout=60s']);
  const find = (label: string, where = namespace): Promise<Place> => findPlace(cluster, where, label);
  const pods = {
    sandbox: await find('app=dev-sandbox'),
    bot: await find('app=discord-bot'),
    neighbour: await find('probe=neighbour'),
    stranger: await find('probe=stranger', 'stranger'),
  };
  const listeners = SOURCES.map((source) => listenInPod(cluster, pods[source]));
  const targets = await readTargets(cluster, namespace, pods);
  return {
    pods,
    run: (source, script, args = []) => runInPod(cluster, pods[source], script, args),
    probe: async () => {
      const answers = await Promise.all(
        SOURCES.map(async (source) => {
          const rows = TABLE.filter(({ from }) => from === source).map((row) => resolveRow(row, targets));
          return JSON.parse(await runInPod(cluster, pods[source], PROBE, ['probe', JSON.stringify(rows)]));
        }),
      );
      return z.record(z.string(), z.string()).parse(Object.assign({}, ...answers));
    },
    close: () => {
      for (const listener of listeners) listener.kill();
      for (const server of servers) server.close();
    },
  };
}

/** `DNS by its service:53/udp` → the name, the port and the protocol, and the address that the name has here. */
function resolveRow(row: Row, targets: ReadonlyMap<string, string>): object {
  const [, name = '', port = '', protocol = 'tcp'] = row.to.match(/^(.*):(\d+)(?:\/(udp))?$/) ?? [];
  const [host, other] = (targets.get(name) ?? '').split(':');
  return { name: nameOf(row), host, port: Number(other ?? port), protocol };
}

const endpoints = z.looseObject({
  status: z.looseObject({ daemonEndpoints: z.looseObject({ kubeletEndpoint: z.looseObject({ Port: z.number() }) }) }),
});

/** The kubelet's port is a free one in the lab; the table calls it by the number that it has elsewhere. */
async function readTargets(
  cluster: Cluster,
  namespace: string,
  pods: Readonly<Record<Source, Place>>,
): Promise<ReadonlyMap<string, string>> {
  const nodes: unknown = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json']));
  const [node] = z.looseObject({ items: z.array(endpoints) }).parse(nodes).items;
  const dns = await findPlace(cluster, 'kube-system', 'k8s-app=kube-dns');
  const service = await cluster.kubectl([
    'get',
    'service',
    'discord-bot',
    '-n',
    namespace,
    '-o',
    'jsonpath={.spec.clusterIP}',
  ]);
  const api = await cluster.kubectl([
    'get',
    'service',
    'kubernetes',
    '-n',
    'default',
    '-o',
    'jsonpath={.spec.clusterIP}',
  ]);
  return new Map([
    ...SOURCES.map((source) => [source, pods[source].address] as const),
    ['DNS', dns.address],
    ['DNS by its service', DNS_ADDRESS],
    ['API server', `${cluster.nodeAddress}:${API_PORT}`],
    ['API server by its service', api],
    ['bot by its service', service],
    ['kubelet', `${cluster.nodeAddress}:${node?.status.daemonEndpoints.kubeletEndpoint.Port}`],
    ['node', cluster.nodeAddress],
    ['listed', LISTED],
    ['public', PUBLIC],
    ['metadata', METADATA],
    ['shared range', SHARED],
  ]);
}

async function findPlace(cluster: Cluster, namespace: string, label: string): Promise<Place> {
  const list: unknown = JSON.parse(
    await cluster.kubectl([
      ...['get', 'pods', '-n', namespace, '-l', label, '-o', 'json', '--field-selector=status.phase=Running'],
    ]),
  );
  // one that was replaced may still run its last seconds
  const pod = podList.parse(list).items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) throw new Error(`no pod of ${label} runs in ${namespace}`);
  return { namespace, pod: pod.metadata.name, address: pod.status.podIP };
}

/** Runs `node -` with the script on its standard input. */
function runInPod(
  cluster: Cluster,
  { namespace, pod }: Place,
  script: string,
  args: readonly string[],
): Promise<string> {
  return cluster.kubectl(
    ['exec', '-i', '-n', namespace, pod, '--', 'node', '--input-type=module', '-', ...args],
    script,
  );
}

function listenInPod(cluster: Cluster, { namespace, pod }: Place): ChildProcess {
  const argv = ['exec', '-i', '-n', namespace, pod, '--', 'node', '--input-type=module', '-', 'listen', '8080', '9000'];
  const child = spawn(cluster.commandLine, argv, { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin?.end(PROBE);
  return child;
}

/** The addresses go with the bridge when the lab ends. */
async function listenOnNode(lab: Lab, node: string, bridge: string): Promise<{ close(): unknown }[]> {
  const added = [LISTED, PUBLIC, METADATA, SHARED];
  for (const address of added) await lab.exec(['ip', 'addr', 'add', `${address}/32`, 'dev', bridge]);
  return [node, ...added].flatMap((host) =>
    PORTS.flatMap((port) => {
      const udp = createSocket('udp4').on('error', () => {});
      udp.on('message', (_text, from) => udp.send('here', from.port, from.address)).bind(port, host);
      const tcp = createServer((socket) => socket.on('error', () => {}).end('here')).on('error', () => {});
      return [tcp.listen(port, host), udp];
    }),
  );
}

/** Returns the image that everything in the lab is built on, by digest. */
export function readBaseImage(clone: string): string {
  const written: unknown = parse(readFileSync(join(clone, 'slipway.yaml'), 'utf8'));
  const variables = z.looseObject({ base_image: z.string() });
  const images = z.looseObject({ 'dev-sandbox': z.looseObject({ variables }) });
  return z.looseObject({ images }).parse(written).images['dev-sandbox'].variables.base_image;
}

function describePod(name: string, namespace: string, image: string): object {
  const limits = { cpu: '500m', memory: '256Mi' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { probe: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          image,
          command: ['node', '-e', 'setInterval(() => {}, 60_000)'],
          resources: { requests: { cpu: '50m', memory: '64Mi' }, limits },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
