import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseNetwork, formatAddress, networksInUse } from '#lab/docker/subnet.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { interfaceName } from '#lab/supervisor/traces.ts';

/** The pods' own bridge. */
export interface PodNetwork {
  /** The machine's address on it: the node's address. */
  readonly gateway: string;
  /** The bridge's name, and the network of the pods' addresses. */
  readonly bridge: string;
  readonly subnet: string;
  /** Folder of the CNI configuration. */
  readonly cni: string;
}

/** Makes the bridge and the CNI configuration that gives pods addresses on it. Nothing is routed or masqueraded. */
export async function createPodNetwork(lab: Lab): Promise<PodNetwork> {
  const bridge = interfaceName(lab.id, 'k');
  const network = chooseNetwork(networksInUse());
  const gateway = formatAddress(network.address + 1);
  const subnet = `${formatAddress(network.address)}/24`;
  await lab.exec(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  lab.onStop('pod bridge', async (exec) => {
    await exec(['ip', 'link', 'delete', bridge], { accept: 'any' });
  });
  await lab.exec(['ip', 'addr', 'add', `${gateway}/24`, 'dev', bridge]);
  await lab.exec(['ip', 'link', 'set', bridge, 'up']);
  for (const setting of ['ipv4/ip_forward', 'bridge/bridge-nf-call-iptables', 'bridge/bridge-nf-call-ip6tables'])
    writeFileSync(join('/proc/sys/net', setting), '1');
  const cni = lab.folder('cluster', 'cni');
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet, gateway }]],
    dataDir: lab.folder('cluster', 'ipam'),
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const plugins = [{ type: 'bridge', bridge, isGateway: true, ipMasq: false, ipam }];
  writeFileSync(join(cni, '10-lab.conflist'), JSON.stringify({ cniVersion: '0.4.0', name: 'lab', plugins }));
  return { gateway, bridge, subnet, cni };
}
