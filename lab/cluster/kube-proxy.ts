import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PodNetwork } from '#lab/cluster/network.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { chainPrefix } from '#lab/supervisor/packet-rules.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/**
 * Starts kube-proxy, which gives services their virtual addresses by rules of the machine's own iptables. Its chains
 * have fixed names, and two labs on one machine would overwrite each other's: it gets an iptables that puts the lab's
 * name in front of them.
 */
export async function startKubeProxy(
  lab: Lab,
  toolbox: Toolbox,
  { network, kubeconfig, node }: { network: PodNetwork; kubeconfig: string; node: string },
): Promise<void> {
  const health = await freePort();
  await lab.start({
    name: 'kube-proxy',
    argv: [
      toolbox.tool('kube-proxy'),
      '--proxy-mode=iptables',
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${node}`,
      `--cluster-cidr=${network.subnet}`,
      `--bind-address=${network.gateway}`,
      `--healthz-bind-address=127.0.0.1:${health}`,
      `--metrics-bind-address=127.0.0.1:${await freePort()}`,
      // what is the machine's stays as it is
      ...['max-per-core', 'tcp-timeout-established', 'tcp-timeout-close-wait'].map((name) => `--conntrack-${name}=0`),
      '--iptables-localhost-nodeports=false',
    ],
    env: { PATH: `${renameChains(lab, dirname(toolbox.tool('iptables')))}:${lab.env['PATH'] ?? ''}` },
    ready: async () => (await fetch(`http://127.0.0.1:${health}/healthz`)).ok,
  });
}

/** Returns a folder with iptables, its -restore and its -save, in which `KUBE-…` is called `<the lab's prefix>-…`. */
export function renameChains(lab: Pick<Lab, 'id' | 'folder'>, real: string): string {
  const folder = lab.folder('cluster', 'iptables');
  mkdirSync(folder, { recursive: true });
  const prefix = chainPrefix(lab.id);
  const write = (name: string, script: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const rename = `for word do shift; set -- "$@" "$(printf %s "$word" | sed 's/^KUBE-/${prefix}-/')"; done`;
  write('iptables', `${rename}\nexec '${real}/iptables' "$@"`);
  write('iptables-restore', `sed 's/KUBE-/${prefix}-/g' | '${real}/iptables-restore' "$@"`);
  write('iptables-save', `'${real}/iptables-save' "$@" | sed 's/${prefix}-/KUBE-/g'`);
  // no IPv6 in the lab: kube-proxy finds none and goes on
  for (const name of ['ip6tables', 'ip6tables-restore', 'ip6tables-save']) write(name, 'exit 1');
  return folder;
}
