import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Argo CD as processes beside the cluster. */
export interface ArgoCD {
  /** Its page and API, without a login: loopback only. */
  readonly url: string;
  /** Tells it of a push, as GitHub does. */
  webhook(payload: unknown): Promise<void>;
  application(name: string): Promise<ApplicationState>;
}

/** What Argo CD says of an application. */
export interface ApplicationState {
  readonly sync: string;
  readonly health: string;
  readonly revision: string;
  /** The operation's or the conditions' words; empty when all is well. */
  readonly message: string;
}

/** The repository that Argo CD follows. */
export interface FollowedRepository {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const application = z.looseObject({
  status: z
    .looseObject({
      sync: z.looseObject({ status: z.string().default(''), revision: z.string().default('') }).optional(),
      health: z.looseObject({ status: z.string().default('') }).optional(),
      conditions: z.array(z.looseObject({ message: z.string().default('') })).default([]),
      operationState: z.looseObject({ message: z.string().default('') }).optional(),
    })
    .default({ conditions: [] }),
});

/** Starts Redis, the repository server, the application controller and the API server. */
export async function startArgoCD(
  lab: Lab,
  toolbox: Toolbox,
  cluster: Cluster,
  repository: FollowedRepository,
): Promise<ArgoCD> {
  await installCustomResources(toolbox, cluster);
  await cluster.apply(settings(repository));
  const dir = lab.folder('argocd');
  const [redis, repo, api] = [await freePort(), await freePort(), await freePort()];
  const run = (name: string, role: string, args: readonly string[], ready?: () => Promise<boolean>) =>
    lab.start({
      name,
      argv: [toolbox.tool('argocd'), ...(role === 'argocd-repo-server' ? [] : ['--namespace', 'argocd']), ...args],
      env: environmentOf(lab, dir, cluster, role),
      ...(ready === undefined ? {} : { ready }),
    });
  await lab.start({
    name: 'redis',
    argv: [
      toolbox.tool('redis-server'),
      '--bind',
      '127.0.0.1',
      '--port',
      String(redis),
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      dir,
    ],
  });
  const metrics = async (): Promise<string> => String(await freePort());
  await Promise.all([
    run('argocd-repo-server', 'argocd-repo-server', [
      '--disable-tls',
      '--address',
      '127.0.0.1',
      '--port',
      String(repo),
      '--metrics-address',
      '127.0.0.1',
      '--metrics-port',
      await metrics(),
      '--redis',
      `127.0.0.1:${redis}`,
    ]),
    run('argocd-application-controller', 'argocd-application-controller', [
      '--app-resync',
      '10',
      '--repo-server',
      `127.0.0.1:${repo}`,
      '--repo-server-plaintext',
      '--redis',
      `127.0.0.1:${redis}`,
      '--metrics-port',
      await metrics(),
    ]),
    run(
      'argocd-server',
      'argocd-server',
      [
        '--insecure',
        '--disable-auth',
        '--address',
        '127.0.0.1',
        '--port',
        String(api),
        '--metrics-address',
        '127.0.0.1',
        '--metrics-port',
        await metrics(),
        '--repo-server',
        `127.0.0.1:${repo}`,
        '--repo-server-plaintext',
        '--redis',
        `127.0.0.1:${redis}`,
        '--dex-server-plaintext',
      ],
      async () => (await fetch(`http://127.0.0.1:${api}/healthz`)).ok,
    ),
  ]);
  const url = `http://127.0.0.1:${api}`;
  return {
    url,
    webhook: async (payload) => {
      const answer = await fetch(`${url}/api/webhook`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-github-event': 'push' },
        body: JSON.stringify(payload),
      });
      if (!answer.ok)
        throw new Error(`Argo CD does not take the webhook: HTTP ${answer.status} ${await answer.text()}`);
    },
    application: async (name) => {
      const { status } = application.parse(
        JSON.parse(await cluster.kubectl(['get', 'application', '-n', 'argocd', name, '-o', 'json'])),
      );
      const words = [...status.conditions.map((condition) => condition.message), status.operationState?.message ?? ''];
      return {
        sync: status.sync?.status ?? '',
        health: status.health?.status ?? '',
        revision: status.sync?.revision ?? '',
        message: words.filter(Boolean).join('; '),
      };
    },
  };
}

/** Applies the tenant's AppProject and Applications with the lab's repository in the place of the one they name. */
export async function applyApplications(cluster: Cluster, folder: string, repositoryUrl: string): Promise<void> {
  const objects = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
    .flatMap((name) => readObjects(join(folder, name)))
    .map((object) =>
      JSON.parse(JSON.stringify(object).replaceAll(/https:\/\/github\.com\/[^"]+\.git/g, repositoryUrl)),
    );
  await cluster.apply(objects);
}

async function installCustomResources(toolbox: Toolbox, cluster: Cluster): Promise<void> {
  const folder = join(toolbox.file('argocd/manifests'), 'crds');
  const names = readdirSync(folder).filter((name) => name.endsWith('-crd.yaml'));
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } },
    ...names.flatMap((name) => readObjects(join(folder, name))),
  ]);
  await waitUntilServed(cluster);
}

/** Right after they are applied, the API server does not serve the new kinds yet. */
async function waitUntilServed(cluster: Cluster): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await cluster.kubectl(['get', 'applications.argoproj.io,appprojects.argoproj.io', '-n', 'argocd']);
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(100);
    }
  }
}

function readObjects(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8'))
    .map((document) => document.toJS())
    .filter(Boolean);
}

function settings(repository: FollowedRepository): unknown[] {
  const labels = { 'app.kubernetes.io/part-of': 'argocd' };
  const configMap = (name: string, data: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'argocd', labels },
    data,
  });
  return [
    configMap('argocd-cm', { 'timeout.reconciliation': '30s', 'timeout.reconciliation.jitter': '0s' }),
    ...[
      'argocd-cmd-params-cm',
      'argocd-rbac-cm',
      'argocd-ssh-known-hosts-cm',
      'argocd-tls-certs-cm',
      'argocd-gpg-keys-cm',
    ].map((name) => configMap(name)),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'argocd-secret', namespace: 'argocd', labels },
      stringData: { 'server.secretkey': 'this-lab-only-on-loopback' },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'tenant-repository',
        namespace: 'argocd',
        labels: { ...labels, 'argocd.argoproj.io/secret-type': 'repository' },
      },
      stringData: { type: 'git', ...repository },
    },
  ];
}

/** The role is chosen by ARGOCD_BINARY_NAME: there is one binary. */
function environmentOf(lab: Lab, dir: string, cluster: Cluster, role: string): Record<string, string> {
  for (const name of ['tls', 'ssh', 'gpg', 'tmp', 'plugins']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'ssh', 'ssh_known_hosts'), '');
  return {
    ARGOCD_BINARY_NAME: role,
    KUBECONFIG: cluster.kubeconfig,
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_TLS_DATA_PATH: join(dir, 'tls'),
    ARGOCD_SSH_DATA_PATH: join(dir, 'ssh'),
    ARGOCD_GNUPGHOME: join(dir, 'gpg'),
    ARGOCD_PLUGINSOCKFILEPATH: join(dir, 'plugins'),
    ARGOCD_K8S_CLIENT_QPS: '200',
    ARGOCD_K8S_CLIENT_BURST: '400',
    GIT_CONFIG_NOSYSTEM: '1',
    TMPDIR: join(dir, 'tmp'),
    POD_NAMESPACE: 'argocd',
    ARGOCD_CONTROLLER_REPLICAS: '1',
    HOSTNAME: `${role}-${lab.id}`,
  };
}
