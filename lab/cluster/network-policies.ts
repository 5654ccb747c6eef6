import { readFileSync } from 'node:fs';
import type { PodNetwork } from '#lab/cluster/network.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { chainPrefix, policyTable, removePacketRules } from '#lab/supervisor/packet-rules.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

const QUEUES = '/proc/net/netfilter/nfnetlink_queue';

/**
 * Starts the engine that enforces NetworkPolicies on the node's pods, then sends it every new connection from and to
 * them. What it has not judged, or cannot because it is down, is dropped.
 */
export async function startNetworkPolicies(
  lab: Lab,
  toolbox: Toolbox,
  { network, kubeconfig, node }: { network: PodNetwork; kubeconfig: string; node: string },
): Promise<void> {
  const queue = queueOf(lab.id);
  await lab.start({
    name: 'network-policies',
    argv: [
      toolbox.tool('network-policies'),
      `--kubeconfig=${kubeconfig}`,
      `--node=${node}`,
      `--queue=${queue}`,
      `--table=${policyTable(lab.id)}`,
    ],
    ready: async () => openQueues().includes(queue),
  });
  lab.onStop('packet rules', () => removePacketRules(lab.id));
  for (const argv of describeRules(lab.id, network.bridge, queue)) await lab.exec(argv);
}

/** A number of the machine's 65536 for each lab; 0 to 999 are left to others. */
function queueOf(id: string): number {
  return 1000 + (Number.parseInt(id, 16) % 64_000);
}

function openQueues(): number[] {
  return readFileSync(QUEUES, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.trim().split(/\s+/)[0]));
}

/**
 * In the mangle table, which sees a packet after its virtual address was translated: from a pod, to a pod from
 * elsewhere, and from a pod to the node itself. What is established goes on. IPv6 is closed: pods have link-local
 * addresses, and the engine would not see what they send to each other by them.
 */
function describeRules(id: string, bridge: string, queue: number): [string, ...string[]][] {
  const chain = `${chainPrefix(id)}-POLICIES`;
  const mangle = (...rule: string[]): [string, ...string[]] => ['iptables', '-w', '-t', 'mangle', ...rule];
  const close = (from: string): [string, ...string[]] => [
    ...(['ip6tables', '-w', '-t', 'mangle', '-A', from, '-i', bridge, '-j', 'DROP'] as const),
  ];
  return [
    mangle('-N', chain),
    mangle('-A', chain, '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'RETURN'),
    mangle('-A', chain, '-j', 'NFQUEUE', '--queue-num', String(queue)),
    mangle('-A', 'FORWARD', '-i', bridge, '-j', chain),
    mangle('-A', 'FORWARD', '-o', bridge, '!', '-i', bridge, '-j', chain),
    mangle('-A', 'INPUT', '-i', bridge, '-j', chain),
    close('FORWARD'),
    close('INPUT'),
  ];
}
