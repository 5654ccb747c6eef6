import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { ExecOptions, ExecResult } from '#core/system/exec.ts';
import { chooseNetwork, formatAddress, networksInUse } from '#lab/docker/subnet.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { cgroupName, interfaceName } from '#lab/supervisor/traces.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** The lab's own Docker engine. */
export interface Docker {
  /** `unix:///…/docker.sock`. */
  readonly host: string;
  /** The machine's address on the engine's bridge: all that containers reach of the outside. */
  readonly bridgeAddress: string;
  /** What a process needs to use this engine: DOCKER_HOST. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the docker client on this engine with the lab's environment: `docker.exec(['run', …])`. */
  exec(args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
}

/**
 * Starts a Docker engine that shares nothing with another on this machine: own storage, bridge, cgroup and mount
 * namespace. It changes no firewall rule and no kernel setting, so its containers reach the bridge's address only.
 */
export async function startDocker(lab: Lab, toolbox: Toolbox): Promise<Docker> {
  const socket = join(lab.folder('docker'), 'docker.sock');
  const bridge = interfaceName(lab.id, 'd');
  const bridgeAddress = await createBridge(lab, bridge);
  await lab.start({
    name: 'dockerd',
    argv: dockerdArgv(lab, toolbox, socket, bridge),
    ready: () => answersPing(socket),
    graceMs: 15_000,
  });
  lab.onStop('containers', () => killContainers(socket));
  const env = { DOCKER_HOST: `unix://${socket}` };
  return {
    host: env.DOCKER_HOST,
    bridgeAddress,
    env,
    exec: (args, options) =>
      lab.exec([toolbox.tool('docker'), ...args], { ...options, extraEnv: { ...env, ...options?.extraEnv } }),
  };
}

/** Two labs that choose at the same moment may choose the same network: the later one sees both and chooses again. */
async function createBridge(lab: Lab, bridge: string): Promise<string> {
  await lab.exec(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  lab.onStop('Docker bridge', async (exec) => {
    await exec(['ip', 'link', 'delete', bridge], { accept: 'any' });
  });
  const network = chooseNetwork(networksInUse());
  const address = formatAddress(network.address + 1);
  await lab.exec(['ip', 'addr', 'add', `${address}/24`, 'dev', bridge]);
  await lab.exec(['ip', 'link', 'set', bridge, 'up']);
  return address;
}

/**
 * A mount namespace of its own makes the layers' mounts vanish with the last process, however that one ends.
 * The bind mount is for containerd's shims, whose sockets are always below /run/containerd: they end up in the lab.
 */
function dockerdArgv(lab: Lab, toolbox: Toolbox, socket: string, bridge: string): [string, ...string[]] {
  mkdirSync('/run/containerd', { recursive: true });
  const configFile = join(lab.dir, 'docker', 'daemon.json');
  writeFileSync(configFile, JSON.stringify(engineSettings(lab, socket, bridge), null, 2));
  const setUp = 'mount --bind "$1" /run/containerd && shift && exec "$@"';
  return [
    ...(['unshare', '--mount', '--propagation', 'slave'] as const),
    ...['sh', '-c', setUp, 'sh', lab.folder('docker', 'shims')],
    ...[toolbox.tool('dockerd'), '--config-file', configFile],
  ];
}

/** Every place is below the lab's folder, its network namespaces (`exec-root`/netns) too; nothing of the kernel is changed. */
function engineSettings(lab: Lab, socket: string, bridge: string): Record<string, unknown> {
  return {
    hosts: [`unix://${socket}`],
    'data-root': lab.folder('docker', 'root'),
    'exec-root': lab.folder('docker', 'exec'),
    pidfile: join(lab.dir, 'docker', 'pid'),
    'storage-driver': 'overlay2',
    bridge,
    iptables: false,
    ip6tables: false,
    'ip-masq': false,
    'ip-forward': false,
    'cgroup-parent': `/${cgroupName(lab.id)}`,
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'oom-score-adjust': 0,
  };
}

function answersPing(socket: string): Promise<boolean> {
  return callEngine(socket, 'GET', '/_ping').then(({ status }) => status === 200);
}

/** SIGKILL at once: teardown does not wait for a container's grace period. */
async function killContainers(socket: string): Promise<void> {
  const { body } = await callEngine(socket, 'GET', '/containers/json');
  const containers = JSON.parse(body) as { Id: string }[]; // the engine's own answer, its API v1.24 and later
  await Promise.all(containers.map(({ Id }) => callEngine(socket, 'POST', `/containers/${Id}/kill`)));
}

function callEngine(socketPath: string, method: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end();
  });
}
