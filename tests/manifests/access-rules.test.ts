import { expect, test } from '@jest/globals';
import { checkAccess } from '#tests/manifests/access-rules.ts';
import { readManifests } from '#tests/manifests/objects.ts';

const metadata = (name: string) => ({ name, namespace: 'shop' });
const looker = { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] };

/** Rights that break no rule, in parts that a row changes. */
const good = () => ({
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
});
type Rights = ReturnType<typeof good>;
type Row = [string, (rights: Rights) => void, string[]];

const rule =
  (change: object) =>
  ({ role }: Rights): void =>
    void Object.assign(role.rules[0] ?? {}, change);
const binding =
  (change: object) =>
  (rights: Rights): void =>
    void Object.assign(rights.binding, change);

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

test.each([['as they are meant', () => {}, []] satisfies Row, ...roles, ...bindings])(
  '%s',
  (_name, change, expected) => {
    const rights = good();
    change(rights);
    const environments = [{ namespace: 'shop', accounts: ['sandbox'] }];
    expect(checkAccess(readManifests(Object.values(rights)), environments)).toEqual(expected);
  },
);
