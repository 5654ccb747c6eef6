import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type ApplicationController, startArgoProcesses } from '#lab/cluster/argocd-processes.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { waitUntilServed } from '#lab/cluster/served.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Argo CD as processes beside the cluster. */
export interface ArgoCD {
  /** Its page and API, without a login: loopback only. */
  readonly url: string;
  readonly controller: ApplicationController;
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

/** Starts Argo CD's processes where {@link installArgoCD} has been. */
export async function startArgoCD(lab: Lab, toolbox: Toolbox, cluster: Cluster): Promise<ArgoCD> {
  const { url, controller } = await startArgoProcesses(lab, toolbox, cluster.kubeconfig);
  return {
    ...{ url, controller },
    webhook: (payload) => postWebhook(url, payload),
    application: (name) => readApplication(cluster, name),
  };
}

/** What Argo CD is told of GitHub. */
export interface ArgoSettings {
  readonly repository: FollowedRepository;
  /** The key of the App that writes statuses, in PEM. */
  readonly privateKey: string;
}

/** Installs Argo CD's custom resources and settings. */
export async function installArgoCD(
  toolbox: Toolbox,
  cluster: Pick<Cluster, 'apply' | 'kubectl'>,
  settings: ArgoSettings,
): Promise<void> {
  await installCustomResources(toolbox, cluster);
  await cluster.apply(listSettings(settings));
}

async function postWebhook(url: string, payload: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': 'push' },
    body: JSON.stringify(payload),
  });
  if (!answer.ok) throw new Error(`Argo CD does not take the webhook: HTTP ${answer.status} ${await answer.text()}`);
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

async function readApplication(cluster: Cluster, name: string): Promise<ApplicationState> {
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
}

async function installCustomResources(toolbox: Toolbox, cluster: Pick<Cluster, 'apply' | 'kubectl'>): Promise<void> {
  const folder = join(toolbox.file('argocd/manifests'), 'crds');
  const names = readdirSync(folder).filter((name) => name.endsWith('-crd.yaml'));
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } },
    ...names.flatMap((name) => readObjects(join(folder, name))),
  ]);
  await waitUntilServed(cluster, ['applications.argoproj.io', 'appprojects.argoproj.io']);
}

function readObjects(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8'))
    .map((document): unknown => document.toJS())
    .filter(Boolean);
}

function listSettings({ repository, privateKey }: ArgoSettings): unknown[] {
  const labels = { 'app.kubernetes.io/part-of': 'argocd' };
  const configMap = (name: string, data: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'argocd', labels },
    data,
  });
  const secret = (name: string, extraLabels: Record<string, string>, stringData: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'argocd', labels: { ...labels, ...extraLabels } },
    stringData,
  });
  const empty = ['cmd-params', 'rbac', 'ssh-known-hosts', 'tls-certs', 'gpg-keys'];
  return [
    configMap('argocd-cm'),
    ...empty.map((name) => configMap(`argocd-${name}-cm`)),
    secret('argocd-secret', {}, { 'server.secretkey': 'this-lab-only-on-loopback' }),
    secret('argocd-notifications-secret', {}, { 'github-private-key': privateKey }),
    secret('tenant-repository', { 'argocd.argoproj.io/secret-type': 'repository' }, { type: 'git', ...repository }),
  ];
}
