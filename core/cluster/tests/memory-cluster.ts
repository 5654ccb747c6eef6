import type { KubeAnswer, KubeApi } from '#core/cluster/api.ts';
import { type KubeObject, kubeObject, nameOf } from '#core/cluster/objects.ts';

/** A cluster in memory that keeps finalizers as the API server does; no controller runs in it. */
export interface MemoryCluster extends KubeApi {
  /** What is there, by name; what waits for a finalizer has `, going` behind it. */
  names(): string[];
  find(name: string): KubeObject | undefined;
}

/** Kinds that it serves: `<apiVersion> <plural> <Kind> <n for namespaced>`. */
const SERVED = [
  ['v1', 'namespaces', 'Namespace', ''],
  ['v1', 'secrets', 'Secret', 'n'],
  ['apps/v1', 'deployments', 'Deployment', 'n'],
  ['argoproj.io/v1alpha1', 'applications', 'Application', 'n'],
  ['external-secrets.io/v1', 'externalsecrets', 'ExternalSecret', 'n'],
  ['apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition', ''],
] as const;

const baseOf = (version: string): string => (version.includes('/') ? `/apis/${version}` : `/api/${version}`);
const OK: KubeAnswer = { status: 200, body: {} };
const NONE: KubeAnswer = { status: 404, body: {} };

/** What is served, as the API server says it. */
function discover(path: string): KubeAnswer | undefined {
  if (path === '/apis') {
    const groups = SERVED.filter(([version]) => version !== 'v1').map(([groupVersion]) => groupVersion);
    return { status: 200, body: { groups: groups.map((groupVersion) => ({ preferredVersion: { groupVersion } })) } };
  }
  const kinds = SERVED.filter(([version]) => path === baseOf(version));
  const verbs = ['list', 'delete'];
  const resources = kinds.map(([, name, kind, scope]) => ({ name, kind, namespaced: scope === 'n', verbs }));
  return kinds.length === 0 ? undefined : { status: 200, body: { resources } };
}

/** Opens a cluster with these objects. */
export function openMemoryCluster(given: readonly unknown[]): MemoryCluster {
  let objects = given.map((object, at) => {
    const parsed = kubeObject.parse(object);
    return { ...parsed, metadata: { ...parsed.metadata, uid: `uid-${at}` } };
  });
  const finalizersOf = ({ metadata }: KubeObject) => (metadata['finalizers'] as string[] | null | undefined) ?? [];
  const isGoing = ({ metadata }: KubeObject): boolean => metadata['deletionTimestamp'] !== undefined;
  const sweep = (): void => {
    const isHeld = (one: KubeObject): boolean =>
      finalizersOf(one).length > 0 ||
      (one.kind === 'Namespace' && objects.some(({ metadata }) => metadata.namespace === one.metadata.name));
    for (let before = -1; before !== objects.length; ) {
      before = objects.length;
      objects = objects.filter((one) => !isGoing(one) || isHeld(one));
    }
  };
  const remove = (one: KubeObject): void => {
    Object.assign(one.metadata, { deletionTimestamp: 'now' });
    if (one.kind === 'Namespace')
      for (const inside of objects.filter(({ metadata }) => metadata.namespace === one.metadata.name)) remove(inside);
  };
  const list = (path: string): KubeAnswer | undefined => {
    const listed = SERVED.find(([version, plural]) => path === `${baseOf(version)}/${plural}`);
    return listed && { status: 200, body: { items: objects.filter(({ kind }) => kind === listed[2]) } };
  };
  const call: KubeApi['call'] = async (method, path, { body } = {}) => {
    const answer = method === 'GET' ? (discover(path) ?? list(path)) : undefined;
    if (answer !== undefined) return answer;
    const one = objects.find(({ apiVersion, kind, metadata: { namespace, name } }) => {
      const plural = SERVED.find(([, , served]) => served === kind)?.[1];
      const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
      return `${baseOf(apiVersion)}${place}/${plural}/${name}` === path;
    });
    if (one === undefined) return NONE;
    if (method === 'DELETE') remove(one);
    if (method === 'PATCH') {
      const { metadata = {}, ...rest } = body as { metadata?: { labels?: object } };
      const labels = { ...one.metadata.labels, ...metadata.labels };
      Object.assign(one, rest, { metadata: { ...one.metadata, ...metadata, labels } });
    }
    sweep();
    return method === 'GET' ? { status: 200, body: one } : OK;
  };
  return {
    call,
    kubectl: async () => '',
    close: async () => {},
    names: () => objects.map((one) => `${nameOf(one)}${isGoing(one) ? ', going' : ''}`).sort(),
    find: (name) => objects.find((one) => nameOf(one) === name),
  };
}
