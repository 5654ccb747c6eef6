import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OciRegistry } from '#lab/aws/registry.ts';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { DNS_ADDRESS } from '#lab/cluster/service-network.ts';
import { pushStaticImage } from '#lab/cluster/static-image.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Knows the cluster's own names. The lab has no names outside of it: what pods reach there, they know by address. */
const COREFILE = `.:53 {
  errors
  health :8080
  ready :8181
  kubernetes cluster.local in-addr.arpa
  cache 5
}
`;

/** Starts CoreDNS as a pod with the name, labels and address that every cluster gives it. Resolves when it is applied. */
export async function startDns(
  lab: Lab,
  toolbox: Toolbox,
  cluster: Pick<Cluster, 'apply'>,
  registry: OciRegistry,
): Promise<void> {
  const folder = lab.folder('cluster', 'coredns');
  copyFileSync(toolbox.tool('coredns'), join(folder, 'coredns'));
  const image = await pushStaticImage(lab, registry, { repository: 'lab/coredns', folder, program: 'coredns' });
  await cluster.apply(describeDns(image));
}

/** Returns the objects of the cluster's DNS. */
function describeDns(image: string): unknown[] {
  const metadata = { name: 'coredns', namespace: 'kube-system' };
  const labels = { 'k8s-app': 'kube-dns' };
  const reads = ['list', 'watch'];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [
        { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: reads },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: reads },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: COREFILE } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: {
        clusterIP: DNS_ADDRESS,
        selector: labels,
        ports: [
          { name: 'dns', protocol: 'UDP', port: 53 },
          { name: 'dns-tcp', protocol: 'TCP', port: 53 },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, labels },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: describePod(image) } },
    },
  ];
}

function describePod(image: string): unknown {
  return {
    serviceAccountName: 'coredns',
    dnsPolicy: 'Default',
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'coredns',
        image,
        args: ['-conf', '/etc/coredns/Corefile'],
        readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
  };
}
