import * as z from 'zod';
import { explain, type KubeApi, pathOf } from '#core/cluster/api.ts';
import type { Finding } from '#core/cluster/finding.ts';
import { type KubeObject, nameOf } from '#core/cluster/objects.ts';
import { checkPackets } from '#core/cluster/packets.ts';
import { createResourceFinder } from '#core/cluster/plan.ts';
import { describeRights, inTurn, type Right } from '#core/cluster/rights.ts';
import { APP_KEY, ARGOCD_NAMESPACE } from '#core/cluster/tenant.ts';

/** An environment: its namespace and what its overlay renders to. */
export interface CheckedEnvironment {
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
}

const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

type Asked = Omit<Right, 'namespace'>;
const each = (verbs: readonly string[], what: Omit<Asked, 'verb'>): Asked[] => verbs.map((verb) => ({ verb, ...what }));
const WRITING = ['create', 'update', 'patch', 'delete'];
/** What a namespace is made of, by its group. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '': ['pods', 'secrets', 'configmaps', 'services', 'serviceaccounts', 'persistentvolumeclaims'],
  apps: ['deployments', 'statefulsets', 'daemonsets'],
  batch: ['jobs', 'cronjobs'],
  'networking.k8s.io': ['networkpolicies'],
  'rbac.authorization.k8s.io': ['roles', 'rolebindings'],
};

/** What a pod of the sandbox or the bot must not be able to do with its token. An exec by WebSocket is a get. */
const FORBIDDEN: readonly Asked[] = [
  ...each(['get', 'list', 'watch'], { group: '', resource: 'secrets' }),
  ...['exec', 'attach', 'portforward', 'proxy'].flatMap((subresource) =>
    each(['get', 'create'], { group: '', resource: 'pods', subresource }),
  ),
  ...each(['update', 'patch'], { group: '', resource: 'pods', subresource: 'ephemeralcontainers' }),
  ...each(['create'], { group: '', resource: 'serviceaccounts', subresource: 'token' }),
  ...each(['get', 'create'], { group: '', resource: 'nodes', subresource: 'proxy' }),
  ...Object.entries(KINDS).flatMap(([group, kinds]) => kinds.flatMap((resource) => each(WRITING, { group, resource }))),
];
const ACCOUNTS = ['dev-sandbox', 'discord-bot', 'default'] as const;

/** Returns what is proven of an environment's walls and secrets, by the API server and by packets. Nothing is written, no secret is read. */
export async function checkEnvironment(api: KubeApi, environment: CheckedEnvironment): Promise<Finding[]> {
  const { namespace } = environment;
  return [
    await checkPodSecurity(api, namespace),
    ...(await checkPresent(api, environment)),
    ...(await Promise.all(ACCOUNTS.map((account) => checkAccount(api, namespace, account)))),
    ...(await Promise.all(SECRETS.map((name) => checkSecret(api, namespace, name)))),
    ...(await checkPackets(api, namespace)),
  ];
}

/** A pod that the level forbids is offered, as a dry run: it must be refused for that reason. */
async function checkPodSecurity(api: KubeApi, namespace: string): Promise<Finding> {
  const what = `${namespace}: a pod on the node's network is refused`;
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'slipway-check-', namespace },
    spec: {
      hostNetwork: true,
      containers: [
        {
          name: 'probe',
          image: 'probe',
          // within any quota's and limit range's bounds, so that these are not what refuses it
          resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
        },
      ],
    },
  };
  const answer = await api.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body });
  if (answer.status === 403 && explain(answer).includes('violates PodSecurity')) return { word: 'holds', what };
  if (answer.status < 300) return { word: 'open', what, why: 'the namespace enforces no Pod Security level' };
  return { word: 'unknown', what, why: explain(answer) };
}

const WALLS = new Set(['NetworkPolicy', 'ResourceQuota', 'LimitRange']);

/** The walls that the overlay says must be there. */
async function checkPresent(api: KubeApi, { namespace, objects }: CheckedEnvironment): Promise<Finding[]> {
  const walls = objects.filter(({ kind }) => WALLS.has(kind));
  const find = createResourceFinder(api);
  if (walls.length === 0)
    return [{ word: 'open', what: `${namespace}: network policies and quotas`, why: 'the overlay has none' }];
  return Promise.all(
    walls.map(async (wall): Promise<Finding> => {
      const object = { ...wall, metadata: { ...wall.metadata, namespace } };
      const what = `${nameOf(object)} is there`;
      const resource = await find(object);
      if (resource === undefined) return { word: 'open', what, why: 'the cluster does not know this kind' };
      const answer = await api.call('GET', pathOf(resource, object), { accept: METADATA });
      return presence(what, answer.status, explain(answer));
    }),
  );
}

function presence(what: string, status: number, why: string): Finding {
  if (status === 200) return { word: 'holds', what };
  return status === 404 ? { word: 'open', what, why: 'it is not' } : { word: 'unknown', what, why };
}

const review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

async function checkAccount(api: KubeApi, namespace: string, account: string): Promise<Finding> {
  const what = `${namespace}: the account ${account} reads no secret, enters no pod and changes nothing`;
  const user = `system:serviceaccount:${namespace}:${account}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const answers = await inTurn(FORBIDDEN, 8, async (right) => {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, groups, resourceAttributes: { ...right, namespace } },
    };
    const answer = await api.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { body });
    return review.safeParse(answer.body).data?.status.allowed ?? explain(answer);
  });
  const unknown = answers.find((answer) => typeof answer === 'string');
  if (unknown !== undefined) return { word: 'unknown', what, why: unknown };
  const allowed = FORBIDDEN.filter((_right, at) => answers[at] === true);
  if (allowed.length === 0) return { word: 'holds', what };
  return { word: 'open', what, why: `it may ${describeRights(allowed).join('; ')}` };
}

const SECRETS = ['aws-cluster', 'discord-bot-secrets', 'ecr-registry'] as const;

async function checkSecret(api: KubeApi, namespace: string, name: string): Promise<Finding> {
  const answer = await api.call('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`, { accept: METADATA });
  return presence(`${namespace}/secret ${name} is there`, answer.status, explain(answer));
}

/** Returns what the API server says of Argo CD's key, and of what this cluster cannot enforce. */
export async function checkCluster(api: KubeApi): Promise<Finding[]> {
  const gvisor = await api.call('GET', '/apis/node.k8s.io/v1/runtimeclasses/gvisor');
  const metrics = await api.call('GET', '/apis/metrics.k8s.io/v1beta1');
  return [
    await checkAppKey(api),
    gvisor.status === 200
      ? { word: 'holds', what: 'the cluster has gVisor' }
      : { word: 'unproven', what: 'gVisor', why: 'not on this cluster: the sandbox shares the kernel of its node' },
    metrics.status === 200
      ? { word: 'holds', what: 'the cluster has metrics' }
      : { word: 'unproven', what: 'metrics', why: 'not on this cluster: kubectl top does not answer' },
  ];
}

const managed = z.looseObject({
  metadata: z.looseObject({
    managedFields: z.array(z.looseObject({ fieldsV1: z.looseObject({ 'f:data': z.looseObject({}).optional() }) })),
  }),
});

/** Which keys a Secret has stands in its metadata; no value is asked for. */
async function checkAppKey(api: KubeApi): Promise<Finding> {
  const what = "Argo CD has the GitHub App's key";
  const path = `/api/v1/namespaces/${ARGOCD_NAMESPACE}/secrets/argocd-notifications-secret`;
  const answer = await api.call('GET', path, { accept: METADATA });
  const { data } = managed.safeParse(answer.body);
  if (answer.status !== 200 || data === undefined) return presence(what, answer.status, explain(answer));
  const isThere = data.metadata.managedFields.some(({ fieldsV1 }) => `f:${APP_KEY}` in (fieldsV1['f:data'] ?? {}));
  return isThere ? { word: 'holds', what } : { word: 'open', what, why: 'pass it with cluster connect --app-key FILE' };
}
