import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { SERVICE_RANGE } from '#lab/cluster/service-network.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** On the pods' bridge, whose address is the lab's own: pods reach it there, and nothing else has that port. */
export const API_PORT = 6443;

/** The API server and how to speak to it. */
export interface ControlPlane {
  readonly kubeconfig: string;
  readonly server: string;
}

/** Starts etcd, the API server, the controller manager and the scheduler. */
export async function startControlPlane(lab: Lab, toolbox: Toolbox, nodeAddress: string): Promise<ControlPlane> {
  const etcd = await startEtcd(lab, toolbox);
  const dir = lab.folder('cluster', 'api');
  const [key, tokens, kubeconfig] = [
    join(dir, 'service-account.key'),
    join(dir, 'tokens.csv'),
    join(dir, 'kubeconfig'),
  ];
  const token = randomBytes(24).toString('hex');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(tokens, `${token},lab,lab,system:masters\n`, { mode: 0o600 });
  const server = `https://${nodeAddress}:${API_PORT}`;
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(server, token)), { mode: 0o600 });
  await lab.start({
    name: 'kube-apiserver',
    argv: [
      toolbox.tool('kube-apiserver'),
      `--etcd-servers=${etcd}`,
      `--bind-address=${nodeAddress}`,
      `--advertise-address=${nodeAddress}`,
      `--secure-port=${API_PORT}`,
      `--cert-dir=${dir}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=RBAC',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-cluster-ip-range=${SERVICE_RANGE}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--event-ttl=1h',
    ],
    ready: () => isReady(nodeAddress, token),
    readyWithinMs: 60_000,
  });
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1'];
  await Promise.all([
    lab.start({
      name: 'kube-controller-manager',
      argv: [
        toolbox.tool('kube-controller-manager'),
        ...common,
        `--secure-port=${await freePort()}`,
        `--service-account-private-key-file=${key}`,
        `--root-ca-file=${join(dir, 'apiserver.crt')}`,
      ],
    }),
    lab.start({
      name: 'kube-scheduler',
      argv: [toolbox.tool('kube-scheduler'), ...common, `--secure-port=${await freePort()}`],
    }),
  ]);
  return { kubeconfig, server };
}

/** Data that a crash may lose: a lab that crashed is thrown away. */
async function startEtcd(lab: Lab, toolbox: Toolbox): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  await lab.start({
    name: 'etcd',
    argv: [
      toolbox.tool('etcd'),
      '--name=lab',
      `--data-dir=${lab.folder('cluster', 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=lab=${peerUrl}`,
    ],
    ready: async () => (await fetch(`${clientUrl}/health`)).ok,
  });
  return clientUrl;
}

/** The certificate is the server's own: on loopback the token is what proves anything. */
function kubeconfigOf(server: string, token: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'lab', user: { token } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
  };
}

function isReady(host: string, token: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host,
        port: API_PORT,
        path: '/readyz',
        rejectUnauthorized: false,
        headers: { authorization: `Bearer ${token}` },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    call.once('error', reject);
    call.end();
  });
}
