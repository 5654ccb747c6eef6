import { expect, test } from '@jest/globals';
import { readManifests } from '#tests/manifests/objects.ts';
import { checkWalls } from '#tests/manifests/wall-rules.ts';

const metadata = (name: string) => ({ name, namespace: 'shop' });
const LEVEL = 'pod-security.kubernetes.io/enforce';

/** Walls without a hole, in parts that a row changes. */
const good = () => ({
  namespace: {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { [LEVEL]: 'restricted', [`${LEVEL}-version`]: 'v1.34' } },
  },
  deny: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata('deny-all'),
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  },
  web: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata('web'),
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ protocol: 'TCP', port: 443 }] }],
    },
  },
  quota: {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: metadata('all'),
    spec: { hard: { 'services.nodeports': '0', 'services.loadbalancers': '0' } },
  },
  range: { apiVersion: 'v1', kind: 'LimitRange', metadata: metadata('each'), spec: { limits: [] } },
  service: { apiVersion: 'v1', kind: 'Service', metadata: metadata('web'), spec: { ports: [] } },
});
type Walls = ReturnType<typeof good>;
type Row = [string, (walls: Walls) => void, string[]];

const rule =
  (change: object) =>
  ({ web }: Walls): void =>
    void Object.assign(web.spec.egress[0] ?? {}, change);
const block = (cidr: string, ...except: string[]) => rule({ to: [{ ipBlock: { cidr, except } }] });
const HOLE = 'no NetworkPolicy denies everything to every pod, both ways';
const PRIVATE = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'];
const OTHERS = ['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'];
const NEVER = [...PRIVATE, ...OTHERS];

const rows: Row[] = [
  ['as they are meant', () => {}, []],
  ['no denial', ({ deny }) => void Object.assign(deny, { kind: 'Other' }), [HOLE]],
  ...['Ingress', 'Egress'].map(
    (type): Row => [
      `a denial of ${type} alone`,
      ({ deny }) => void Object.assign(deny.spec, { policyTypes: [type] }),
      [HOLE],
    ],
  ),
  [
    'a denial for some pods',
    ({ deny }) => void Object.assign(deny.spec, { podSelector: { matchLabels: { app: 'web' } } }),
    [HOLE],
  ],
  ...NEVER.map(
    (never): Row => [
      `all addresses but for ${never}`,
      block('0.0.0.0/0', ...NEVER.filter((other) => other !== never)),
      [`NetworkPolicy web opens 0.0.0.0/0, and so ${never}`],
    ],
  ),
  ['all addresses without the private ones', block('0.0.0.0/0', ...NEVER), []],
  ['one exception for two ranges', block('0.0.0.0/0', ...NEVER.slice(0, -2), '224.0.0.0/3'), []],
  [
    'half of a private range left out',
    block('10.0.0.0/8', '10.0.0.0/9'),
    ['NetworkPolicy web opens 10.0.0.0/8, and so 10.0.0.0/8'],
  ],
  ['a private address by itself', block('10.1.2.3/32'), []],
  [
    "the cloud's metadata by itself",
    block('169.254.169.254/32'),
    ['NetworkPolicy web opens 169.254.169.254/32, and so 169.254.0.0/16'],
  ],
  ['all of IPv6', block('::/0'), ['NetworkPolicy web opens ::/0: of IPv6 only 2000::/3 is global']],
  ['what is global of IPv6', block('2000::/3'), []],
  [
    'a rule without ports',
    rule({ ports: [] }),
    ['NetworkPolicy web has a rule without ports, which opens all of them'],
  ],
  [
    'a rule with a protocol alone',
    rule({ ports: [{ protocol: 'TCP' }] }),
    ['NetworkPolicy web has a rule without ports, which opens all of them'],
  ],
  ['a rule for everybody', rule({ to: [] }), ['NetworkPolicy web has a rule without a peer, which opens everything']],
  [
    'all pods of a namespace',
    rule({ to: [{ namespaceSelector: {} }] }),
    ['NetworkPolicy web opens all pods of a namespace'],
  ],
  ['some pods', rule({ to: [{ podSelector: { matchLabels: { app: 'db' } } }] }), []],
  [
    'another level',
    ({ namespace }) => void Object.assign(namespace.metadata.labels, { [LEVEL]: 'baseline' }),
    ['Namespace shop does not enforce the level restricted'],
  ],
  [
    'the latest version of the level',
    ({ namespace }) => void Object.assign(namespace.metadata.labels, { [`${LEVEL}-version`]: 'latest' }),
    ["Namespace shop does not pin the level's version"],
  ],
  ['no quota', ({ quota }) => void Object.assign(quota, { kind: 'Other' }), ['no ResourceQuota limits the namespace']],
  ['no range', ({ range }) => void Object.assign(range, { kind: 'Other' }), ['no LimitRange limits the namespace']],
  ...(['services.nodeports', 'services.loadbalancers'] as const).map(
    (name): Row => [
      `one of ${name}`,
      ({ quota }) => void Object.assign(quota.spec.hard, { [name]: '1' }),
      [`ResourceQuota all lets the namespace have ${name}: 0 is what a bot needs`],
    ],
  ),
  ...['LoadBalancer', 'NodePort', 'ExternalName'].map(
    (type): Row => [
      `a Service of the type ${type}`,
      ({ service }) => void Object.assign(service.spec, { type }),
      ['Service web is a public endpoint'],
    ],
  ),
  [
    'an Ingress',
    ({ service }) => void Object.assign(service, { kind: 'Ingress' }),
    ['Ingress web is a public endpoint'],
  ],
];

test.each(rows)('%s', (_name, change, expected) => {
  const walls = good();
  change(walls);
  expect(checkWalls(readManifests(Object.values(walls)))).toEqual(expected);
});
