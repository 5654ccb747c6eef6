import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Exec } from '#core/system/exec.ts';
import type { OciRegistry } from '#lab/aws/registry.ts';
import { createCgroup } from '#lab/cluster/cgroup.ts';
import type { PodNetwork } from '#lab/cluster/network.ts';
import { DNS_ADDRESS } from '#lab/cluster/service-network.ts';
import { pushStaticImage } from '#lab/cluster/static-image.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import { cgroupName } from '#lab/supervisor/traces.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** What the node needs to know. */
export interface NodeOptions {
  readonly network: PodNetwork;
  readonly kubeconfig: string;
  /** The plain registry, which gets the pause image. */
  readonly registry: OciRegistry;
  /** Registries on loopback that pods are pulled from. */
  readonly registryHosts: readonly string[];
}

/** Starts containerd and the kubelet: a real node, its name the machine's. */
export async function startNode(lab: Lab, toolbox: Toolbox, options: NodeOptions): Promise<{ name: string }> {
  createCgroup(lab);
  const root = await shareVolumes(lab);
  const pause = await pushPauseImage(lab, toolbox, options.registry);
  const socket = await startContainerd(lab, toolbox, options, pause);
  const name = hostname().toLowerCase();
  const config = join(lab.folder('cluster', 'kubelet'), 'config.yaml');
  writeFileSync(config, stringify(await kubeletConfig(lab, socket, options.network)));
  await lab.start({
    name: 'kubelet',
    argv: [
      toolbox.tool('kubelet'),
      `--config=${config}`,
      `--kubeconfig=${options.kubeconfig}`,
      `--root-dir=${root}`,
      `--cert-dir=${lab.folder('cluster', 'kubelet', 'certs')}`,
      `--hostname-override=${name}`,
      `--node-ip=${options.network.gateway}`,
    ],
    graceMs: 3_000,
  });
  return { name };
}

/**
 * Returns the kubelet's folder, as a mount that containerd's namespace shares. The kubelet mounts the volumes of secrets
 * and tokens below it when a pod starts, which is after containerd did: without this, pods would see empty folders.
 */
async function shareVolumes(lab: Lab): Promise<string> {
  const root = lab.folder('cluster', 'kubelet', 'root');
  await lab.exec(['mount', '--bind', root, root]);
  await lab.exec(['mount', '--make-rshared', root]);
  return root;
}

/** cgroup v1 is allowed, swap and full disks do not matter here, and everything it writes is below the lab's folder. */
async function kubeletConfig(lab: Lab, socket: string, network: PodNetwork): Promise<Record<string, unknown>> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.gateway,
    port: await freePort(network.gateway),
    healthzPort: 0,
    readOnlyPort: 0,
    // on the lab's own bridge; the API server has no certificate that a kubelet could check
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${socket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupName(lab.id)}`,
    cgroupsPerQOS: true,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: 'cluster.local',
    resolvConf: '/dev/null',
    // kube-proxy makes what it needs
    makeIPTablesUtilChains: false,
    // as clusters have it: one pod cannot take every process of its node
    podPidsLimit: 1024,
    // how soon a full volume is seen; elsewhere it is a minute
    volumeStatsAggPeriod: '10s',
    podLogsDir: lab.folder('cluster', 'pod-logs'),
    staticPodPath: '',
    volumePluginDir: lab.folder('cluster', 'volume-plugins'),
    registerNode: true,
    syncFrequency: '5s',
    nodeStatusUpdateFrequency: '5s',
    evictionHard: { 'nodefs.available': '1%', 'imagefs.available': '1%', 'memory.available': '50Mi' },
    imageGCHighThresholdPercent: 100,
    shutdownGracePeriod: '0s',
    serializeImagePulls: false,
  };
}

/**
 * A mount namespace of its own, as the Docker engine's: what containerd and the CNI plugins write to places that no
 * setting moves ends up in the lab. It is shared onwards, as pods may ask for that.
 */
async function startContainerd(lab: Lab, toolbox: Toolbox, options: NodeOptions, pause: string): Promise<string> {
  const dir = lab.folder('cluster', 'containerd');
  const socket = join(dir, 'containerd.sock');
  const hosts = join(dir, 'hosts');
  for (const host of new Set([...options.registryHosts, options.registry.host])) {
    mkdirSync(join(hosts, host), { recursive: true });
    writeFileSync(
      join(hosts, host, 'hosts.toml'),
      `server = "http://${host}"\n[host."http://${host}"]\n  capabilities = ["pull", "resolve"]\n`,
    );
  }
  const config = join(dir, 'config.toml');
  writeFileSync(config, containerdConfig(lab, { dir, socket, hosts, pause, cni: options.network.cni }));
  for (const fixed of ['/run/containerd', '/var/lib/cni']) mkdirSync(fixed, { recursive: true });
  const setUp =
    'mount --bind "$1" /run/containerd && mount --bind "$2" /var/lib/cni && mount --make-rshared / && shift 2 && exec "$@"';
  await lab.start({
    name: 'containerd',
    argv: [
      ...(['unshare', '--mount', '--propagation', 'slave'] as const),
      ...['sh', '-c', setUp, 'sh', lab.folder('cluster', 'shims'), lab.folder('cluster', 'cni-results')],
      ...[toolbox.tool('containerd'), '--config', config],
    ],
    ready: async () => (await lab.exec(['ctr', '--address', socket, 'version'], { accept: 'any' })).code === 0,
  });
  lab.onStop('pods', (exec) => endTasks(exec, socket));
  return socket;
}

function containerdConfig(
  lab: Lab,
  paths: { dir: string; socket: string; hosts: string; pause: string; cni: string },
): string {
  const text = (value: string): string => JSON.stringify(value);
  return `version = 2
root = ${text(join(paths.dir, 'root'))}
state = ${text(join(paths.dir, 'state'))}
oom_score = 0
[grpc]
  address = ${text(paths.socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(lab.folder('cluster', 'containerd', 'opt'))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(paths.pause)}
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${text(paths.cni)}
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${text(paths.hosts)}
`;
}

/** After the kubelet has stopped its pods go on: they are ended before containerd is. */
async function endTasks(exec: Exec, socket: string): Promise<void> {
  const ctr = (...args: string[]) =>
    exec(['ctr', '--address', socket, '--namespace', 'k8s.io', ...args], { accept: 'any', timeoutMs: 10_000 });
  const { stdout } = await ctr('tasks', 'list', '--quiet');
  const ids = stdout.toString('utf8').split('\n').filter(Boolean);
  await Promise.all(ids.map((id) => ctr('tasks', 'delete', '--force', id)));
}

/** Builds the pause image out of a static program of a few lines, since none can be pulled. */
async function pushPauseImage(lab: Lab, toolbox: Toolbox, registry: OciRegistry): Promise<string> {
  const folder = lab.folder('cluster', 'pause');
  const source = join(import.meta.dirname, 'pause.c');
  await lab.exec([toolbox.tool('gcc'), '-static', '-Os', '-s', '-o', join(folder, 'pause'), source]);
  return pushStaticImage(lab, registry, { repository: 'lab/pause', folder, program: 'pause' });
}
