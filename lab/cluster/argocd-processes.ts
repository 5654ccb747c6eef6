import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, LabProcess } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Ports on loopback; each process serves its metrics on one of its own. */
interface ArgoPorts {
  readonly redis: number;
  readonly repo: number;
  readonly api: number;
  readonly metrics: readonly [repo: number, controller: number, api: number, notifications: number];
}

/** A role of Argo CD's one binary. */
interface ArgoProcess {
  readonly role: string;
  readonly args: readonly string[];
  readonly ready?: () => Promise<boolean>;
}

/** The application controller: without it nothing is compared, and nothing is applied. */
export interface ApplicationController {
  stop(): Promise<void>;
  start(): Promise<void>;
}

const CONTROLLER = 'argocd-application-controller';

/** Starts Redis, the repository server, the application controller, the API server and the notifications controller; `url` is the API server's. */
export async function startArgoProcesses(
  lab: Lab,
  toolbox: Toolbox,
  kubeconfig: string,
): Promise<{ readonly url: string; readonly controller: ApplicationController }> {
  const dir = lab.folder('argocd');
  const ports = await choosePorts();
  await lab.start({ name: 'redis', argv: [toolbox.tool('redis-server'), ...redisArguments(ports, dir)] });
  prepareFolders(dir);
  let running: LabProcess | undefined;
  const start = async (process: ArgoProcess): Promise<void> => {
    const started = await startProcess(lab, toolbox, kubeconfig, process);
    if (process.role === CONTROLLER) running = started;
  };
  const processes = listProcesses(ports);
  await Promise.all(processes.map(start));
  return {
    url: `http://127.0.0.1:${ports.api}`,
    controller: {
      stop: async () => running?.stop(),
      start: async () => void (await Promise.all(processes.filter(({ role }) => role === CONTROLLER).map(start))),
    },
  };
}

/** Starts the notifications controller alone: all else that it needs is the API server, with Argo CD's kinds and settings. */
export async function startNotifications(lab: Lab, toolbox: Toolbox, kubeconfig: string): Promise<void> {
  prepareFolders(lab.folder('argocd'));
  await startProcess(lab, toolbox, kubeconfig, notificationsProcess(await freePort(), await freePort()));
}

function startProcess(
  lab: Lab,
  toolbox: Toolbox,
  kubeconfig: string,
  { role, args, ready }: ArgoProcess,
): Promise<LabProcess> {
  return lab.start({
    name: role,
    argv: [toolbox.tool('argocd'), ...args],
    env: environmentOf(lab, lab.folder('argocd'), kubeconfig, role),
    ...(ready === undefined ? {} : { ready }),
  });
}

function notificationsProcess(repo: number, metrics: number): ArgoProcess {
  return {
    role: 'argocd-notifications',
    args: [
      ...['--namespace', 'argocd', '--argocd-repo-server', `127.0.0.1:${repo}`, '--argocd-repo-server-plaintext'],
      ...['--metrics-port', String(metrics)],
    ],
  };
}

async function choosePorts(): Promise<ArgoPorts> {
  const [redis, repo, api] = [await freePort(), await freePort(), await freePort()];
  return { redis, repo, api, metrics: [await freePort(), await freePort(), await freePort(), await freePort()] };
}

function redisArguments({ redis }: ArgoPorts, dir: string): string[] {
  return ['--bind', '127.0.0.1', '--port', String(redis), '--save', '', '--appendonly', 'no', '--dir', dir];
}

function listProcesses(ports: ArgoPorts): ArgoProcess[] {
  const [repoMetrics, controllerMetrics, apiMetrics, notificationsMetrics] = ports.metrics;
  const listen = (port: number): string[] => ['--address', '127.0.0.1', '--port', String(port)];
  const metrics = (port: number): string[] => ['--metrics-port', String(port)];
  const metricsOnLoopback = ['--metrics-address', '127.0.0.1'];
  const redis = ['--redis', `127.0.0.1:${ports.redis}`];
  const repoServer = ['--repo-server', `127.0.0.1:${ports.repo}`, '--repo-server-plaintext'];
  const namespace = ['--namespace', 'argocd'];
  return [
    {
      role: 'argocd-repo-server',
      args: ['--disable-tls', ...listen(ports.repo), ...metricsOnLoopback, ...metrics(repoMetrics), ...redis],
    },
    {
      role: CONTROLLER,
      args: [...namespace, '--app-resync', '10', ...repoServer, ...redis, ...metrics(controllerMetrics)],
    },
    {
      role: 'argocd-server',
      args: [
        ...[...namespace, '--insecure', '--disable-auth', '--dex-server-plaintext'],
        ...[...listen(ports.api), ...metricsOnLoopback, ...metrics(apiMetrics), ...repoServer, ...redis],
      ],
      ready: async () => (await fetch(`http://127.0.0.1:${ports.api}/healthz`)).ok,
    },
    notificationsProcess(ports.repo, notificationsMetrics),
  ];
}

function prepareFolders(dir: string): void {
  for (const name of ['tls', 'ssh', 'gpg', 'tmp', 'plugins']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'ssh', 'ssh_known_hosts'), '');
}

/** The role is chosen by ARGOCD_BINARY_NAME: there is one binary. */
function environmentOf(lab: Lab, dir: string, kubeconfig: string, role: string): Record<string, string> {
  return {
    ARGOCD_BINARY_NAME: role,
    KUBECONFIG: kubeconfig,
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    // as Argo CD's manifests pass on timeout.reconciliation: how often git is asked, and how long an answer counts
    ARGOCD_RECONCILIATION_TIMEOUT: '30s',
    ARGOCD_RECONCILIATION_JITTER: '0s',
    // for so long a repository's errors are not told: 3 minutes where no one sets it, too long to wait for in a test
    ARGOCD_REPO_ERROR_GRACE_PERIOD_SECONDS: '20s',
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_TLS_DATA_PATH: join(dir, 'tls'),
    ARGOCD_SSH_DATA_PATH: join(dir, 'ssh'),
    ARGOCD_GNUPGHOME: join(dir, 'gpg'),
    ARGOCD_PLUGINSOCKFILEPATH: join(dir, 'plugins'),
    // its own place is one for the whole machine: the repository server of a second lab would take it away
    ARGOCD_ASK_PASS_SOCK: join(dir, 'askpass.sock'),
    ARGOCD_K8S_CLIENT_QPS: '200',
    ARGOCD_K8S_CLIENT_BURST: '400',
    GIT_CONFIG_NOSYSTEM: '1',
    TMPDIR: join(dir, 'tmp'),
    POD_NAMESPACE: 'argocd',
    ARGOCD_CONTROLLER_REPLICAS: '1',
    HOSTNAME: `${role}-${lab.id}`,
  };
}
