import { expect, test } from '@jest/globals';
import { checkOverlay } from '#tests/manifests/rules.ts';

const metadata = (name: string) => ({ name, namespace: 'shop' });
const keep = () => ({ annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false' } });
const amounts = { cpu: '1', memory: '1Gi' };
const container = (name: string) => ({
  name,
  image: `registry.example/${name}@sha256:${'ab'.repeat(32)}`,
  resources: { requests: { ...amounts }, limits: { ...amounts } },
  securityContext: { privileged: false, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
});

/** An overlay that breaks no rule, in parts that a row changes. */
const good = () => ({
  namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', ...keep() } },
  claim: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...metadata('disk'), ...keep() } },
  account: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('sandbox') },
  deployment: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('web'),
    spec: {
      template: {
        spec: {
          volumes: [{ name: 'tmp', emptyDir: {} }],
          containers: [container('web')],
          initContainers: [container('init')],
          ephemeralContainers: [container('debug')],
        },
      },
    },
  },
});
type Overlay = ReturnType<typeof good>;
type Row = [string, (overlay: Overlay) => void, string[]];

const pod =
  (change: object) =>
  ({ deployment }: Overlay): void =>
    void Object.assign(deployment.spec.template.spec, change);
const KINDS = [
  ['containers', 'web'],
  ['initContainers', 'init'],
  ['ephemeralContainers', 'debug'],
] as const;
type Field = (typeof KINDS)[number][0];
const inContainer =
  (field: Field, change: object) =>
  ({ deployment }: Overlay): void =>
    void Object.assign(deployment.spec.template.spec[field][0] ?? {}, change);
const objects: Row[] = [
  ['an overlay as it is meant', () => {}, []],
  [
    'a namespace that can be pruned',
    ({ namespace }) => void Object.assign(namespace.metadata, { annotations: {} }),
    ['Namespace shop can be pruned: annotate it with argocd.argoproj.io/sync-options: Prune=false'],
  ],
  [
    'a volume claim that can be pruned',
    ({ claim }) => void Object.assign(claim.metadata.annotations, { 'argocd.argoproj.io/sync-options': 'Prune=true' }),
    ['PersistentVolumeClaim disk can be pruned: annotate it with argocd.argoproj.io/sync-options: Prune=false'],
  ],
  [
    'a volume claim with several options',
    ({ claim }) =>
      void Object.assign(claim.metadata.annotations, {
        'argocd.argoproj.io/sync-options': 'Delete=false, Prune=false',
      }),
    [],
  ],
  [
    "an object in a neighbour's namespace",
    ({ claim }) => void Object.assign(claim.metadata, { namespace: 'bank' }),
    ["PersistentVolumeClaim disk is not in shop, the overlay's namespace"],
  ],
  [
    'an object of the whole cluster',
    ({ claim }) => void Object.assign(claim.metadata, { namespace: undefined }),
    ["PersistentVolumeClaim disk is not in shop, the overlay's namespace"],
  ],
  [
    "a neighbour's namespace",
    ({ namespace }) => void Object.assign(namespace.metadata, { name: 'bank' }),
    ["Namespace bank is not in shop, the overlay's namespace"],
  ],
];

const pods: Row[] = [
  ...['hostNetwork', 'hostPID', 'hostIPC'].map(
    (name): Row => [name, pod({ [name]: true }), [`Deployment web has ${name}`]],
  ),
  [
    'a hostPath volume',
    pod({ volumes: [{ name: 'root', hostPath: { path: '/' } }] }),
    ['Deployment web mounts the node by the hostPath volume root'],
  ],
  [
    'a CronJob',
    ({ deployment }) => {
      const { template } = deployment.spec;
      Object.assign(template.spec, { hostPID: true });
      Object.assign(deployment, { kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } });
    },
    ['CronJob web has hostPID'],
  ],
  [
    'a Pod',
    ({ deployment }) => {
      const { spec } = deployment.spec.template;
      Object.assign(deployment, { kind: 'Pod', spec: { ...spec, hostIPC: true } });
    },
    ['Pod web has hostIPC'],
  ],
];

const containers: Row[] = KINDS.flatMap(([field, name]): Row[] => [
  [
    `a privileged one of ${field}`,
    inContainer(field, { securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    [`Deployment web runs the container ${name} privileged`],
  ],
  [
    `one of ${field} that allows escalation`,
    inContainer(field, { securityContext: { allowPrivilegeEscalation: true } }),
    [`Deployment web does not set allowPrivilegeEscalation: false for ${name}`],
  ],
  [
    `one of ${field} that says nothing of escalation`,
    inContainer(field, { securityContext: undefined }),
    [`Deployment web does not set allowPrivilegeEscalation: false for ${name}`],
  ],
  [
    `one of ${field} with a capability`,
    inContainer(field, { securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ['SYS_ADMIN'] } } }),
    [`Deployment web adds the capability SYS_ADMIN to ${name}`],
  ],
  ...['registry.example/web:v1', 'web', `web@sha256:${'a'.repeat(63)}`, `web@sha256:${'a'.repeat(64)}x`].map(
    (image): Row => [
      `the image ${image} in one of ${field}`,
      inContainer(field, { image }),
      [`Deployment web runs ${image} in ${name}: name the image by its digest`],
    ],
  ),
  [
    `one of ${field} without an image`,
    inContainer(field, { image: undefined }),
    [`Deployment web runs  in ${name}: name the image by its digest`],
  ],
]);

const resources: Row[] = KINDS.slice(0, 2).flatMap(([field, name]): Row[] => [
  ...(['requests', 'limits'] as const).flatMap((side) =>
    ['cpu', 'memory'].map(
      (amount): Row => [
        `one of ${field} without ${side} of ${amount}`,
        ({ deployment }) =>
          void Reflect.deleteProperty(deployment.spec.template.spec[field][0]?.resources[side] ?? {}, amount),
        [`Deployment web has no ${side} of ${amount} for the container ${name}`],
      ],
    ),
  ),
  [
    `one of ${field} without resources`,
    inContainer(field, { resources: undefined }),
    ['requests of cpu', 'requests of memory', 'limits of cpu', 'limits of memory'].map(
      (missing) => `Deployment web has no ${missing} for the container ${name}`,
    ),
  ],
]);

test.each([...objects, ...pods, ...containers, ...resources])('%s', (_name, change, expected) => {
  const overlay = good();
  change(overlay);
  expect(checkOverlay(Object.values(overlay), 'shop')).toEqual(expected);
});

test.each(['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'])('an overlay with a %s', (kind) => {
  const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: metadata('sandbox') };
  expect(checkOverlay([object], 'shop')).toEqual([
    `${kind} sandbox gives rights: move it to argocd/platform/access.yaml`,
  ]);
});

test('what is not a Kubernetes object is not taken for one', () => {
  expect(() => checkOverlay([{ kind: 'Deployment' }], 'shop')).toThrow('apiVersion');
});
