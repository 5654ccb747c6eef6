import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** What a broken world may use of the lab. */
export interface WorldParts {
  /** The registry that pods pull from. */
  readonly host: string;
  /** A digest of the bot that the registry has, and that no node has pulled yet. */
  readonly fresh: string;
  /** A digest of the bot that the registry has, and that differs from staging's. */
  readonly other: string;
  /** The digest of the bot that staging runs. */
  readonly good: string;
  /** A digest of the bot that is built for another platform. */
  readonly foreign: string;
  /** Where a stand-in for DynamoDB answers pods; it answers by the table's name. */
  readonly dynamodb: string;
}

/** One environment that is broken in exactly one way. */
export interface BrokenWorld {
  /** The environment's name; its namespace is the same. */
  readonly name: string;
  /** The cause that doctor must name, and no other. */
  readonly cause: string;
  /** Which digest the overlay says. */
  readonly digest?: (parts: WorldParts) => string;
  /** Changes the bot's Deployment. */
  readonly deployment?: (deployment: Deployment, parts: WorldParts) => void;
  /** How slipway.yaml says that it deploys; by hand unless given. */
  readonly deploys?: string;
  /** More files of the overlay, which Argo CD does not read. */
  readonly files?: Readonly<Record<string, string>>;
  /** More objects of the overlay. */
  readonly objects?: readonly object[];
  /** Objects that are applied by hand before Argo CD comes. */
  readonly byHand?: readonly object[];
  /** Changes the Application. */
  readonly application?: (application: Application) => Application;
  /** True where the Application is in git, and no one applied it. */
  readonly isForgotten?: true;
  /** Changes the overlay's kustomization. */
  readonly kustomization?: (kustomization: Kustomization) => void;
  /** True where External Secrets would write the Secret, and cannot. */
  readonly isByExternalSecrets?: true;
  /** True where the AppProject does not allow the namespace. */
  readonly isForeign?: true;
  /** True where nobody makes the namespace. */
  readonly hasNoNamespace?: true;
}

interface Container {
  name: string;
  image: string;
  command?: string[];
  env: { name: string; value?: string; valueFrom?: object }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  readinessProbe: { httpGet: { path: string; port: string }; periodSeconds: number };
  securityContext: Record<string, unknown>;
  [key: string]: unknown;
}

/** The parts of a Deployment that worlds change. */
export interface Deployment {
  kind: string;
  metadata: { name: string };
  spec: {
    template: {
      spec: {
        imagePullSecrets: { name: string }[];
        containers: [Container];
        volumes: object[];
        securityContext: Record<string, unknown>;
      };
    };
    [key: string]: unknown;
  };
}

interface Kustomization {
  resources: string[];
  [key: string]: unknown;
}

/** The parts of an Application that worlds change. */
export interface Application {
  metadata: { name: string };
  spec: {
    source: { path: string; targetRevision: string };
    syncPolicy: { automated?: object };
    [key: string]: unknown;
  };
}

const table = (name: string) => (deployment: Deployment, parts: WorldParts) => {
  deployment.spec.template.spec.containers[0].env.push(
    { name: 'AWS_REGION', value: 'ca-central-1' },
    { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
    { name: 'AWS_SECRET_ACCESS_KEY', value: 'not-a-secret' },
    { name: 'AWS_ENDPOINT_URL_DYNAMODB', value: parts.dynamodb },
    { name: 'DISCORD_SESSIONS_TABLE_NAME', value: name },
  );
};

const token = {
  name: 'DISCORD_TOKEN',
  valueFrom: { secretKeyRef: { name: 'discord-bot-secrets', key: 'discord_token' } },
};

const bot = (change: (container: Container, spec: Deployment['spec']['template']['spec']) => void) => (d: Deployment) =>
  change(d.spec.template.spec.containers[0], d.spec.template.spec);

/** The worlds; each is an environment of its own, so that all are broken side by side. */
export const brokenWorlds: readonly BrokenWorld[] = [
  { name: 'image-gone', cause: 'image-missing', digest: () => `sha256:${'dead'.repeat(16)}` },
  {
    name: 'pull-secret-gone',
    cause: 'pull-secret-missing',
    digest: ({ fresh }) => fresh,
    deployment: bot((_container, spec) => {
      spec.imagePullSecrets = [{ name: 'ecr-registry-of-old' }];
    }),
  },
  {
    name: 'pull-secret-expired',
    cause: 'pull-denied',
    digest: ({ fresh }) => fresh,
    deployment: bot((_container, spec) => {
      spec.imagePullSecrets = [{ name: 'expired' }];
    }),
  },
  { name: 'other-platform', cause: 'wrong-platform', digest: ({ foreign }) => foreign },
  { name: 'never-released', cause: 'never-released', digest: () => `sha256:${'0'.repeat(64)}` },
  { name: 'secret-gone', cause: 'secret-missing', deployment: bot((container) => void container.env.push(token)) },
  {
    name: 'key-gone',
    cause: 'secret-key-missing',
    deployment: bot((container) => void container.env.push(token)),
    byHand: [secret('key-gone', 'discord-bot-secrets', { litellm_api_key: 'not-a-secret' })],
  },
  {
    name: 'parameter-gone',
    cause: 'external-secret-failing',
    deployment: bot((container) => void container.env.push(token)),
    isByExternalSecrets: true,
  },
  { name: 'table-denied', cause: 'dependency-denied', deployment: table('denied') },
  { name: 'table-absent', cause: 'dependency-missing', deployment: table('absent') },
  { name: 'aws-key-wrong', cause: 'dependency-credentials', deployment: table('wrong-key') },
  {
    name: 'walled',
    cause: 'network-policy',
    deployment: table('silent'),
    byHand: [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'default-deny', namespace: 'walled' },
        spec: { podSelector: {}, policyTypes: ['Egress'] },
      },
    ],
  },
  {
    name: 'too-large',
    cause: 'no-node-fits',
    deployment: bot(({ resources }) => {
      resources.requests['cpu'] = '64';
      resources.limits['cpu'] = '64';
    }),
  },
  {
    name: 'claim-unbound',
    cause: 'claim-unbound',
    deployment: bot((_container, spec) => {
      spec.volumes.push({ name: 'work', persistentVolumeClaim: { claimName: 'work' } });
    }),
    objects: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'work' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  },
  {
    name: 'quota-full',
    cause: 'quota-exceeded',
    byHand: [
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small', namespace: 'quota-full' },
        spec: { hard: { 'limits.memory': '64Mi' } },
      },
    ],
  },
  {
    name: 'pod-security',
    cause: 'pod-security',
    deployment: bot((container) => {
      container.securityContext = { allowPrivilegeEscalation: true };
    }),
  },
  {
    name: 'refuses-settings',
    cause: 'app-refuses',
    deployment: bot((container) => void container.env.push({ name: 'PORT', value: '99999' })),
  },
  {
    name: 'memory',
    cause: 'out-of-memory',
    deployment: bot((container) => {
      container.command = ['node', '-e', 'const a=[];setInterval(()=>a.push(Buffer.alloc(3e7,1)),20)'];
      container.resources.limits['memory'] = '96Mi';
    }),
  },
  {
    name: 'wrong-command',
    cause: 'cannot-start',
    deployment: bot((container) => {
      container.command = ['/bin/no-such-program'];
    }),
  },
  {
    name: 'wrong-probe',
    cause: 'probe-fails',
    deployment: bot((container) => {
      container.readinessProbe.httpGet.path = '/readyy';
    }),
  },
  {
    name: 'render-error',
    cause: 'render-error',
    kustomization: ({ resources }) => void resources.push('no-such-file.yaml'),
  },
  {
    name: 'other-branch',
    cause: 'application-branch',
    application: (application) => {
      application.spec.source.targetRevision = 'develop';
      return application;
    },
  },
  {
    name: 'other-path',
    cause: 'application-path',
    application: (application) => {
      application.spec.source.path = 'overlays/no-such-folder';
      return application;
    },
  },
  { name: 'no-application', cause: 'application-missing', isForgotten: true },
  { name: 'not-in-project', cause: 'project-refuses', isForeign: true },
  {
    name: 'by-hand-only',
    cause: 'auto-sync-off',
    application: (application) => {
      delete application.spec.syncPolicy.automated;
      return application;
    },
  },
  { name: 'no-namespace', cause: 'namespace-missing', hasNoNamespace: true },
  {
    name: 'held',
    cause: 'held',
    deploys: 'on-promotion, from: staging',
    digest: ({ other }) => other,
    files: {
      'holds.yaml':
        '- {image: discord-bot, kind: manual, reason: "the bill", by: A Person, since: "2026-11-01T00:00:00Z"}\n',
    },
  },
];

/** Broken while the registry is down. */
export const registryDown: BrokenWorld = {
  name: 'registry-down',
  cause: 'registry-unreachable',
  digest: ({ fresh }) => fresh,
};

function secret(namespace: string, name: string, stringData: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}

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
