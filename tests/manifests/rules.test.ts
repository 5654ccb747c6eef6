import { expect, test } from '@jest/globals';
import { checkAccess } from '#tests/manifests/access-rules.ts';
import { readManifests } from '#tests/manifests/objects.ts';
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
const looker = { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] };

/** An overlay that breaks no rule, in parts that a row changes. */
const good = () => ({
  namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', ...keep() } },
  claim: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...metadata('disk'), ...keep() } },
  account: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('sandbox') },
  role: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: metadata('sandbox'),
    rules: [structuredClone(looker)],
  },
  binding: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: metadata('sandbox'),
    roleRef: { kind: 'Role', name: 'sandbox' },
    subjects: [{ kind: 'ServiceAccount', name: 'sandbox', namespace: 'shop' }],
  },
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

const rule =
  (change: object) =>
  ({ role }: Overlay): void =>
    void Object.assign(role.rules[0] ?? {}, change);
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
const binding =
  (change: object) =>
  (overlay: Overlay): void =>
    void Object.assign(overlay.binding, change);

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

const roles: Row[] = [
  ...['apiGroups', 'resources', 'verbs', 'nonResourceURLs'].map(
    (field): Row => [`* in ${field}`, rule({ [field]: ['*'] }), [`Role sandbox has * in ${field}: write them out`]],
  ),
  ['every subresource', rule({ resources: ['pods/*'] }), ['Role sandbox has pods/* in resources: write them out']],
  ...['exec', 'attach', 'portforward', 'proxy', 'ephemeralcontainers'].map(
    (way): Row => [`pods/${way}`, rule({ resources: [`pods/${way}`] }), [`Role sandbox lets into pods by pods/${way}`]],
  ),
  ...['nodes/proxy', 'services/proxy'].map(
    (way): Row => [way, rule({ resources: [way] }), [`Role sandbox lets into pods by ${way}`]],
  ),
  ...['escalate', 'bind', 'impersonate'].map(
    (verb): Row => [verb, rule({ verbs: [verb] }), [`Role sandbox lets its holder take rights by ${verb}`]],
  ),
  ...['secrets', 'serviceaccounts/token'].map(
    (resource): Row => [resource, rule({ resources: ['pods', resource] }), [`Role sandbox opens ${resource}`]],
  ),
  ...['create', 'update', 'patch', 'delete', 'deletecollection'].map(
    (verb): Row => [verb, rule({ verbs: [verb] }), [`Role sandbox has the verb ${verb}: it may only read`]],
  ),
  [
    'the second rule of a role',
    ({ role }) => void role.rules.push({ ...looker, verbs: ['*'] }),
    ['Role sandbox has * in verbs: write them out'],
  ],
  [
    'a ClusterRole with * in verbs',
    (overlay) => {
      Object.assign(overlay.role, { kind: 'ClusterRole' });
      rule({ verbs: ['*'] })(overlay);
      Object.assign(overlay.binding, { kind: 'Ignored' });
    },
    ['ClusterRole sandbox has * in verbs: write them out'],
  ],
  [
    'a role that aggregates others',
    ({ role }) => void Object.assign(role, { aggregationRule: {}, rules: null }),
    ['Role sandbox aggregates other roles: write its rules out'],
  ],
];

const bindings: Row[] = [
  // the cluster's role of that name is another than the folder's
  ...['cluster-admin', 'admin', 'view', 'sandbox'].map(
    (name): Row => [
      `a RoleBinding to ${name}`,
      binding({ roleRef: { kind: 'ClusterRole', name } }),
      [`RoleBinding sandbox binds ClusterRole ${name}, which is not a role of this folder`],
    ],
  ),
  [
    'a binding for the whole cluster',
    binding({ kind: 'ClusterRoleBinding' }),
    ['ClusterRoleBinding sandbox gives rights in the whole cluster: bind in a namespace'],
  ],
  [
    'a binding where no environment runs',
    ({ binding: written }) => {
      written.metadata.namespace = 'kube-system';
      Object.assign(written.subjects[0] ?? {}, { namespace: 'kube-system' });
    },
    ['RoleBinding sandbox is in kube-system, where no environment runs'],
  ],
  [
    'a role that the folder does not have',
    binding({ roleRef: { kind: 'Role', name: 'other' } }),
    ['RoleBinding sandbox binds Role other, which is not a role of this folder'],
  ],
  [
    "rights for a group that has the account's name",
    binding({ subjects: [{ kind: 'Group', name: 'sandbox' }] }),
    ['RoleBinding sandbox gives rights to Group sandbox, which is not an account of its overlay'],
  ],
  ...['Group', 'User'].map(
    (kind): Row => [
      `rights for a ${kind}`,
      binding({ subjects: [{ kind, name: 'system:authenticated' }] }),
      [`RoleBinding sandbox gives rights to ${kind} system:authenticated, which is not an account of its overlay`],
    ],
  ),
  [
    "rights for the namespace's default account",
    binding({ subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }] }),
    ['RoleBinding sandbox gives rights to ServiceAccount default, which is not an account of its overlay'],
  ],
  [
    'rights for an account of another namespace',
    binding({ subjects: [{ kind: 'ServiceAccount', name: 'sandbox', namespace: 'bank' }] }),
    ['RoleBinding sandbox gives rights to sandbox of namespace bank'],
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
  const { role: _rights, binding: _given, ...written } = overlay;
  expect(checkOverlay(Object.values(written), 'shop')).toEqual(expected);
});

test.each([...roles, ...bindings])('%s', (_name, change, expected) => {
  const overlay = good();
  change(overlay);
  const environments = [{ namespace: 'shop', accounts: ['sandbox'] }];
  expect(checkAccess(readManifests([overlay.role, overlay.binding]), environments)).toEqual(expected);
});

test('an overlay that gives rights', () => {
  const { role, binding: given } = good();
  expect(checkOverlay([role, given], 'shop')).toEqual([
    'Role sandbox gives rights: move it to argocd/platform/access.yaml',
    'RoleBinding sandbox gives rights: move it to argocd/platform/access.yaml',
  ]);
});

test('what is not a Kubernetes object is not taken for one', () => {
  expect(() => checkOverlay([{ kind: 'Deployment' }], 'shop')).toThrow('apiVersion');
});
