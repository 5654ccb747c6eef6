import { z } from 'zod';
import { overlap, parseNetwork } from '#lab/docker/subnet.ts';
import { type Manifest, nameOf } from '#tests/manifests/objects.ts';

const block = z.looseObject({ cidr: z.string(), except: z.array(z.string()).default([]) });
const peer = z.looseObject({
  ipBlock: block.optional(),
  namespaceSelector: z.unknown().optional(),
  podSelector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).default({}) }).optional(),
});
const rule = z.looseObject({
  from: z.array(peer).optional(),
  to: z.array(peer).optional(),
  ports: z.array(z.looseObject({ port: z.union([z.number(), z.string()]).optional() })).default([]),
});
const policy = z.looseObject({
  podSelector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).optional() }),
  policyTypes: z.array(z.string()).default([]),
  ingress: z.array(rule).default([]),
  egress: z.array(rule).default([]),
});
const labels = z.record(z.string(), z.string()).default({});
const quota = z.looseObject({ hard: z.record(z.string(), z.string()) });
type Peer = z.output<typeof peer>;

/** What no range of addresses may hold: private, link-local (the cloud's metadata), shared, loopback, reserved. */
const NEVER = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
];
const PUBLIC_KINDS = ['Ingress', 'Gateway', 'HTTPRoute'];

/** Returns where the walls around an overlay's pods have a hole, one sentence each. */
export function checkWalls(objects: readonly Manifest[]): string[] {
  return [
    ...objects.filter(({ kind }) => kind === 'Namespace').flatMap(checkLevel),
    ...(objects.some(deniesAll) ? [] : ['no NetworkPolicy denies everything to every pod, both ways']),
    ...objects.filter(({ kind }) => kind === 'NetworkPolicy').flatMap(checkPolicy),
    ...['ResourceQuota', 'LimitRange']
      .filter((wanted) => !objects.some(({ kind }) => kind === wanted))
      .map((kind) => `no ${kind} limits the namespace`),
    ...objects.filter(({ kind }) => kind === 'ResourceQuota').flatMap(checkQuota),
    ...objects.flatMap(checkEndpoint),
  ];
}

/** Without a version the level is that of the cluster, and changes when the cluster is upgraded. */
function checkLevel(object: Manifest): string[] {
  const written = labels.parse(object.metadata['labels']);
  const level = 'pod-security.kubernetes.io/enforce';
  return [
    ...(written[level] === 'restricted' ? [] : [`${nameOf(object)} does not enforce the level restricted`]),
    ...(/^v1\.\d+$/.test(written[`${level}-version`] ?? '')
      ? []
      : [`${nameOf(object)} does not pin the level's version`]),
  ];
}

function deniesAll(object: Manifest): boolean {
  if (object.kind !== 'NetworkPolicy') return false;
  const { podSelector, policyTypes, ingress, egress } = policy.parse(object['spec']);
  return (
    Object.keys(podSelector).length === 0 &&
    ['Ingress', 'Egress'].every((type) => policyTypes.includes(type)) &&
    ingress.length + egress.length === 0
  );
}

function checkPolicy(object: Manifest): string[] {
  const { ingress, egress } = policy.parse(object['spec']);
  const say = (text: string): string => `${nameOf(object)} ${text}`;
  return [...ingress, ...egress].flatMap(({ from, to, ports }) => {
    const peers = from ?? to ?? [];
    return [
      // Kubernetes takes an empty list for everybody
      ...(peers.length === 0 ? [say('has a rule without a peer, which opens everything')] : []),
      ...(ports.length === 0 || ports.some(({ port }) => port === undefined)
        ? [say('has a rule without ports, which opens all of them')]
        : []),
      ...peers.flatMap((each) => checkPeer(each).map(say)),
    ];
  });
}

function checkPeer({ ipBlock, podSelector }: Peer): string[] {
  if (ipBlock !== undefined) return checkBlock(ipBlock);
  return Object.keys(podSelector?.matchLabels ?? {}).length === 0 ? ['opens all pods of a namespace'] : [];
}

/** One address is a decision of whoever lists it, except the cloud's metadata; a range must not hold what is private. */
function checkBlock({ cidr, except }: z.output<typeof block>): string[] {
  if (cidr.includes(':')) return cidr === '2000::/3' ? [] : [`opens ${cidr}: of IPv6 only 2000::/3 is global`];
  const range = parseNetwork(cidr);
  const isOne = range.bits === 32;
  return NEVER.filter((never) => {
    const network = parseNetwork(never);
    if (!overlap(network, range) || (isOne && never !== '169.254.0.0/16')) return false;
    const covers = except.map(parseNetwork).filter((left) => left.bits <= network.bits && overlap(left, network));
    return covers.length === 0;
  }).map((never) => `opens ${cidr}, and so ${never}`);
}

function checkQuota(object: Manifest): string[] {
  const { hard } = quota.parse(object['spec']);
  return ['services.nodeports', 'services.loadbalancers']
    .filter((name) => hard[name] !== '0')
    .map((name) => `${nameOf(object)} lets the namespace have ${name}: 0 is what a bot needs`);
}

function checkEndpoint(object: Manifest): string[] {
  const type = z.looseObject({ type: z.string().default('ClusterIP') });
  const isPublic =
    PUBLIC_KINDS.includes(object.kind) ||
    (object.kind === 'Service' && type.parse(object['spec']).type !== 'ClusterIP');
  return isPublic ? [`${nameOf(object)} is a public endpoint`] : [];
}
