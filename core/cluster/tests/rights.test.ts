import { expect, test } from '@jest/globals';
import type { KubeAnswer, KubeApi } from '#core/cluster/api.ts';
import { readObjects } from '#core/cluster/objects.ts';
import { createResourceFinder, requireWriting } from '#core/cluster/plan.ts';

/** An API server that serves these kinds and takes away the rights that are named `verb plural namespace`. */
function serve(missing: readonly string[], answer?: KubeAnswer): KubeApi & { readonly methods: Set<string> } {
  const kinds: Readonly<Record<string, unknown>> = {
    '/api/v1': [
      { name: 'namespaces', kind: 'Namespace', namespaced: false },
      { name: 'secrets', kind: 'Secret', namespaced: true },
    ],
    '/apis/apps/v1': [{ name: 'deployments', kind: 'Deployment', namespaced: true }],
    '/apis/rbac.authorization.k8s.io/v1': [{ name: 'clusterroles', kind: 'ClusterRole', namespaced: false }],
    '/apis/apiextensions.k8s.io/v1': [
      { name: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false },
    ],
  };
  const methods = new Set<string>();
  return {
    methods,
    call: async (method, path, { body } = {}) => {
      methods.add(`${method} ${path}`);
      if (method === 'GET') return { status: kinds[path] ? 200 : 404, body: { resources: kinds[path] } };
      const { verb, resource, namespace = '' } = (body as Review).spec.resourceAttributes;
      const allowed = !missing.includes(`${verb} ${resource} ${namespace}`.trim());
      return answer ?? { status: 201, body: { status: { allowed } } };
    },
    kubectl: async () => '',
    close: async () => {},
  };
}

interface Review {
  readonly spec: { readonly resourceAttributes: { verb: string; resource: string; namespace?: string } };
}

const OBJECTS = readObjects(
  [
    ['v1', 'Namespace', { name: 'argocd' }],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', { name: 'applications.argoproj.io' }],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'argocd-server' }],
    ['apps/v1', 'Deployment', { name: 'argocd-server', namespace: 'argocd' }],
    ['v1', 'Secret', { name: 'aws-cluster', namespace: 'discord-bot' }],
    ['v1', 'Secret', { name: 'aws-cluster', namespace: 'discord-bot-staging' }],
    ['argoproj.io/v1alpha1', 'Application', { name: 'production', namespace: 'argocd' }], // its kind comes with these
  ]
    .map(([apiVersion, kind, metadata]) => {
      const spec = {
        group: 'argoproj.io',
        names: { kind: 'Application', plural: 'applications' },
        scope: 'Namespaced',
      };
      return JSON.stringify({ apiVersion, kind, metadata, ...(kind === 'CustomResourceDefinition' ? { spec } : {}) });
    })
    .join('\n---\n'),
  'a test',
);

const ask = (api: KubeApi): Promise<string> =>
  requireWriting(api, OBJECTS, createResourceFinder(api)).then(
    () => 'allowed',
    (error: Error) => error.message,
  );

const PLACES = [
  ['namespaces', ''],
  ['customresourcedefinitions.apiextensions.k8s.io', ''],
  ['clusterroles.rbac.authorization.k8s.io', ''],
  ['deployments.apps', 'argocd'],
  ['secrets', 'discord-bot'],
  ['secrets', 'discord-bot-staging'],
  ['applications.argoproj.io', 'argocd'],
] as const;
const RIGHTS = PLACES.flatMap(([resource, namespace]) =>
  ['get', 'create', 'patch'].map((verb) => [verb, resource, namespace] as const),
);

test('who may do everything is not stopped, and nothing but questions is sent', async () => {
  const api = serve([]);
  expect(await ask(api)).toBe('allowed');
  expect([...api.methods].filter((sent) => !sent.startsWith('GET '))).toEqual([
    'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  ]);
});

test.each(RIGHTS)('without the right to %s %s %s', async (verb, resource, namespace) => {
  const missing = `${verb} ${resource.split('.')[0]} ${namespace}`.trim();
  expect(await ask(serve([missing]))).toBe(
    [
      'connecting needs rights that you do not have on this cluster. Nothing was changed. You may not:',
      `  ${verb} ${resource}${namespace === '' ? '' : ` in ${namespace}`}`,
      'Use the context of an administrator (--context, --kubeconfig), or ask one for the role cluster-admin.',
    ].join('\n'),
  );
});

test('several are told together, a line for each kind and place', async () => {
  const said = await ask(serve(['create secrets discord-bot', 'patch secrets discord-bot', 'get namespaces']));
  expect(said.split('\n').slice(1, -1)).toEqual(['  get namespaces', '  create and patch secrets in discord-bot']);
});

test.each<[KubeAnswer, string]>([
  [
    { status: 403, body: { kind: 'Status', message: 'selfsubjectaccessreviews is forbidden' } },
    'the cluster does not say what you may do: selfsubjectaccessreviews is forbidden',
  ],
  [{ status: 500, body: 'etcd\nis full' }, 'the cluster does not say what you may do: HTTP 500: etcd is full'],
])('an answer that is none counts as no right: %j', async (answer, sentence) => {
  expect(await ask(serve([], answer))).toBe(sentence);
});
