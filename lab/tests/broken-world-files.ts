import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Application, BrokenWorld, Deployment, Kustomization, WorldParts } from '#lab/tests/broken-world.ts';

/** Returns what is applied by hand before Argo CD comes: the namespace, its pull secret, an expired one, and the world's own. */
export function describeByHand(
  { name, byHand = [], hasNoNamespace }: BrokenWorld,
  pull: object,
  host: string,
): object[] {
  if (hasNoNamespace) return [];
  const auth = Buffer.from('AWS:an-old-password').toString('base64');
  const expired = JSON.stringify({ auths: { [host]: { username: 'AWS', password: 'an-old-password', auth } } });
  const metadata = (of: string): object => ({ name: of, namespace: name });
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
    { ...pull, metadata: metadata('ecr-registry') },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      metadata: metadata('expired'),
      stringData: { '.dockerconfigjson': expired },
    },
    ...byHand,
  ];
}

/** Returns the files of worlds, as a person would push them: overlays, Applications, and their lines in what lists them. */
export function describeFiles(
  clone: string,
  worlds: readonly BrokenWorld[],
  parts: WorldParts,
): Record<string, string | ((before: string) => string)> {
  const files: Record<string, string> = {};
  const staging = readFileSync(join(clone, 'argocd/staging.yaml'), 'utf8');
  const url = /repoURL: (\S+)/.exec(staging)?.[1] ?? '';
  const followed: string[] = [];
  for (const world of worlds) {
    for (const [file, object] of Object.entries(describeOverlay(world, parts)))
      files[`overlays/${world.name}/${file}`] = stringify(object, { lineWidth: 0 });
    for (const [file, text] of Object.entries(world.files ?? {})) files[`overlays/${world.name}/${file}`] = text;
    const own = describeApplication(world.name, url);
    files[`argocd/${world.name}.yaml`] = stringify(world.application?.(own) ?? own, { lineWidth: 0 });
    if (!world.isForgotten) followed.push(world.name);
  }
  const environments = worlds
    .map(({ name, deploys }) => `  ${name}: {overlay: overlays/${name}, deploys: ${deploys ?? 'by-hand'}}\n`)
    .join('');
  const allowed = worlds
    .filter(({ isForeign }) => !isForeign)
    .map(({ name }) => `    - {server: https://kubernetes.default.svc, namespace: ${name}}\n`);
  return {
    ...files,
    'slipway.yaml': (text) => text.replace(/^environments:\n/m, (line) => line + environments),
    'argocd/kustomization.yaml': (text) => text + followed.map((name) => `  - ${name}.yaml\n`).join(''),
    'argocd/project.yaml': (text) => text.replace(/^ {2}destinations:\n/m, (line) => line + allowed.join('')),
  };
}

function describeOverlay(world: BrokenWorld, parts: WorldParts): Record<string, object> {
  const deployment = describeDeployment();
  world.deployment?.(deployment, parts);
  const kustomization: Kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: world.name,
    resources: ['bot.yaml'],
    images: [
      {
        name: 'discord-bot',
        newName: `${parts.host}/discord-bot`,
        digest: world.digest === undefined ? parts.good : world.digest(parts),
      },
    ],
  };
  const more = Object.fromEntries((world.objects ?? []).map((object, at) => [`object-${at}.yaml`, object]));
  kustomization.resources.push(...Object.keys(more));
  world.kustomization?.(kustomization);
  return { 'kustomization.yaml': kustomization, 'bot.yaml': deployment, ...more };
}

/** The bot's Deployment with little of everything, so that thirty of them fit on the lab's node. */
function describeDeployment(): Deployment {
  const labels = { 'app.kubernetes.io/name': 'discord-bot' };
  return {
    ...{ apiVersion: 'apps/v1' },
    kind: 'Deployment',
    metadata: { name: 'discord-bot' },
    spec: {
      replicas: 1,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: labels },
      template: {
        ...{ metadata: { labels } },
        spec: {
          ...{ automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: 2 },
          imagePullSecrets: [{ name: 'ecr-registry' }],
          securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'discord-bot',
              image: 'discord-bot',
              env: [],
              ports: [{ name: 'http', containerPort: 3000 }],
              resources: { requests: { cpu: '5m', memory: '32Mi' }, limits: { cpu: '1', memory: '256Mi' } },
              readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 2 },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            },
          ],
          volumes: [],
        },
      },
    },
  };
}

function describeApplication(name: string, repoURL: string): Application {
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name, ...{ namespace: 'argocd' } },
    spec: {
      project: 'discord-bot',
      source: { ...{ repoURL }, targetRevision: 'main', path: `overlays/${name}` },
      destination: { server: 'https://kubernetes.default.svc', namespace: name },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        ...{ retry: { limit: 2, backoff: { duration: '2s' } } },
      },
    },
  };
}
