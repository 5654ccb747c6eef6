import type { BrokenWorld, Container, Deployment, WorldParts } from '#lab/tests/broken-world.ts';

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
  {
    // the node has not pulled it yet, and is told not to
    name: 'never-pulls',
    cause: 'pull-fails',
    digest: ({ fresh }) => fresh,
    deployment: bot((container) => {
      container['imagePullPolicy'] = 'Never';
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
    hasLostParameter: true,
  },
  { name: 'table-denied', cause: 'dependency-denied', deployment: table('denied') },
  { name: 'table-absent', cause: 'dependency-missing', deployment: table('absent') },
  { name: 'aws-key-wrong', cause: 'dependency-credentials', deployment: table('wrong-key') },
  { name: 'silent', cause: 'dependency-silent', deployment: table('silent') },
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
    name: 'no-account',
    cause: 'pod-refused',
    deployment: bot((_container, spec) => {
      spec.serviceAccountName = 'discord-bot-of-old';
    }),
  },
  {
    name: 'paused',
    cause: 'deployment-paused',
    deployment: ({ spec }) => {
      spec['paused'] = true;
    },
  },
  {
    // a path that is made of a variable which the container does not have
    name: 'no-workspace',
    cause: 'settings-missing',
    deployment: bot((container, spec) => {
      spec.volumes.push({ name: 'work', emptyDir: {} });
      container['volumeMounts'] = [{ name: 'work', mountPath: '/work', subPathExpr: '$(WORKSPACE)' }];
    }),
  },
  {
    name: 'refuses-settings',
    cause: 'app-refuses',
    deployment: bot((container) => void container.env.push({ name: 'PORT', value: '99999' })),
  },
  {
    name: 'crashes',
    cause: 'app-crashes',
    deployment: bot((container) => {
      container.command = ['node', '-e', "setTimeout(() => { throw new Error('a bug') }, 100)"];
    }),
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
    name: 'no-project',
    cause: 'argocd-error',
    application: (application) => {
      application.spec['project'] = 'no-such-project';
      return application;
    },
  },
  {
    name: 'by-hand-only',
    cause: 'auto-sync-off',
    application: (application) => {
      delete application.spec.syncPolicy.automated;
      return application;
    },
  },
  {
    // the API server takes no such port
    name: 'not-valid',
    cause: 'sync-failed',
    objects: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'discord-bot' },
        spec: { selector: { app: 'discord-bot' }, ports: [{ port: 99_999 }] },
      },
    ],
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
  {
    name: 'frozen',
    cause: 'frozen',
    deploys: 'on-push, freezes: [{reason: the holidays, zone: UTC, from: "2026-01-01 00:00", to: "2099-01-01 00:00"}]',
    digest: ({ other }) => other,
  },
  {
    name: 'no-holds',
    cause: 'environment-unreadable',
    files: { 'holds.yaml': 'the bill\n' },
  },
];

/** Broken while the registry is down. */
export const registryDown: BrokenWorld = {
  name: 'registry-down',
  cause: 'registry-unreachable',
  digest: ({ fresh }) => fresh,
};

/** Well, until Argo CD's application controller ends and the overlay says `other`. */
export const argoDown: BrokenWorld = { name: 'argo-down', cause: 'not-synced' };

/** What a push builds does not land here: the job that lands it fails, or the workflow has none. */
export const runFails: BrokenWorld = { name: 'run-fails', cause: 'run-failed', deploys: 'on-push' };
export const buildLost: BrokenWorld = { name: 'build-lost', cause: 'not-landed', deploys: 'on-push' };

function secret(namespace: string, name: string, stringData: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}
