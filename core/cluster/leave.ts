import * as z from 'zod';
import { explain, type KubeApi, listAllResources, pathOf, type Resource } from '#core/cluster/api.ts';
import { type KubeObject, kubeObject, nameOf, PART_LABEL, type Part, TAKEN_OVER } from '#core/cluster/objects.ts';
import { KEY_MANAGER } from '#core/cluster/plan.ts';
import { inTurn, requireRights } from '#core/cluster/rights.ts';
import type { Clock } from '#core/system/clock.ts';
import { Refusal } from '#core/values/errors.ts';

/** An object that is there: its metadata alone, so that no secret is read. */
export interface Owned {
  readonly object: KubeObject;
  readonly resource: Resource;
  readonly uid: string;
  /** What has to happen before it is gone. */
  readonly finalizers: readonly string[];
  /** Undefined for what an Application of connect's delivered. */
  readonly part: Part | undefined;
  /** True where it was there before connect: it stays. */
  readonly isTakenOver: boolean;
}

/** What leaving takes out, in this order, and what it leaves with the reason. */
export interface Departure {
  readonly removed: readonly Owned[];
  /** What would wait for the operator that goes, and its namespace with it: removed before that, without waiting. */
  readonly freed: readonly Owned[];
  /** Delivered by an Application that goes, and removed after it or kept: it gets connect's label, by which a later run finds it. */
  readonly marked: readonly Owned[];
  readonly released: readonly Owned[];
  readonly kept: readonly { readonly name: string; readonly why: string }[];
}

const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const ONE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const TRACKING = 'argocd.argoproj.io/tracking-id';

const metadataList = z.looseObject({
  // an empty list of metadata is null
  items: z
    .array(
      z.looseObject({
        metadata: z.looseObject({
          name: z.string(),
          uid: z.string(),
          namespace: z.string().optional(),
          labels: z.record(z.string(), z.string()).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
          finalizers: z.array(z.string()).default([]),
          ownerReferences: z.array(z.unknown()).default([]),
        }),
      }),
    )
    .nullable()
    .transform((items) => items ?? []),
});

/** Every object of the cluster that may be listed, without its contents. */
async function listEverything(api: KubeApi, resources: readonly Resource[]): Promise<(Owned & { isChild: boolean })[]> {
  const lists = await inTurn(resources, 8, async (resource) => {
    const answer = await api.call('GET', `${resource.base}/${resource.plural}`, { accept: METADATA });
    const { data } = metadataList.safeParse(answer.body);
    if (answer.status === 404 || answer.status === 405) return [];
    if (data === undefined) throw new Refusal(`cannot look for ${resource.plural} of connect: ${explain(answer)}`);
    const apiVersion = resource.base.replace(/^\/apis?\//, '');
    return data.items.map(({ metadata: { uid, finalizers, ownerReferences, ...metadata } }) => {
      const object = kubeObject.parse({ apiVersion, kind: resource.kind, metadata });
      const part = metadata.labels?.[PART_LABEL] as Part | undefined; // written by connect alone
      const isTakenOver = metadata.annotations?.[TAKEN_OVER] !== undefined;
      return { object, resource, uid, finalizers, part, isTakenOver, isChild: ownerReferences.length > 0 };
    });
  });
  return lists.flat();
}

/** Returns what `cluster leave` would do. With `withEnvironments`, the environments' namespaces go with all in them. */
export async function planDeparture(api: KubeApi, withEnvironments: boolean): Promise<Departure> {
  const all = await listEverything(api, await listAllResources(api));
  // an EndpointSlice has its Service's labels, and goes with it
  const ours = all.filter(({ part, isChild }) => part !== undefined && !isChild);
  const applications = ours.filter(({ object }) => object.kind === 'Application');
  // what was there before connect keeps what it delivered
  const leaving = applications.filter(
    ({ part, isTakenOver }) => !isTakenOver && (part === 'platform' || withEnvironments),
  );
  const delivered = all.filter((one) => {
    const by = findDeliverer(one);
    return one.part === undefined && leaving.some(({ object: { metadata } }) => metadata.name === by);
  });
  const candidates = [...delivered, ...ours.filter(({ isTakenOver }) => !isTakenOver)];
  const kept: { name: string; why: string }[] = [];
  const removed = candidates.filter((one) => {
    const why = findReasonToKeep(one, { all, candidates, withEnvironments });
    if (why !== undefined) kept.push({ name: nameOf(one.object), why });
    return why === undefined;
  });
  return {
    removed: removed.sort((one, other) => orderOf(one) - orderOf(other)),
    freed: all.filter(
      (one) =>
        waitsForOperator(one) && (removed.includes(one) || (withEnvironments && isInEnvironment(one, candidates))),
    ),
    marked: delivered.filter(({ object: { kind } }) => LAST.has(kind)),
    released: ours.filter(({ isTakenOver }) => isTakenOver),
    kept,
  };
}

/**
 * Returns the Application that delivered an object. A copy that kept the annotation was not delivered: Argo CD too goes by
 * the whole id, `<application>:<group>/<Kind>:<namespace>/<name>`, and asks no namespace of what has none.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
 */
function findDeliverer({ object, resource }: Owned): string | undefined {
  const { name, namespace, annotations } = object.metadata;
  const [, by, group, kind, place, named] =
    /^([^:]+):([^/]*)\/([^:]+):([^/]*)\/(.+)$/.exec(annotations?.[TRACKING] ?? '') ?? [];
  const isItself = group === resource.group && kind === object.kind && named === name;
  return isItself && (namespace === undefined || namespace === place) ? by : undefined;
}

/** Kinds that go when nothing needs them. */
const LAST = new Set(['CustomResourceDefinition', 'Namespace']);

/** External Secrets takes its finalizers off by itself, as long as it runs. */
function waitsForOperator({ resource: { group }, finalizers }: Owned): boolean {
  return group.endsWith('external-secrets.io') && finalizers.length > 0;
}

interface Surroundings {
  readonly all: readonly (Owned & { isChild: boolean })[];
  readonly candidates: readonly Owned[];
  readonly withEnvironments: boolean;
}

function findReasonToKeep(one: Owned, { all, candidates, withEnvironments }: Surroundings): string | undefined {
  const { object, part } = one;
  const { name } = object.metadata;
  const isGoing = ({ uid }: Owned): boolean => candidates.some((other) => other.uid === uid);
  if (object.kind === 'Namespace' && part === 'environments')
    return withEnvironments ? undefined : 'the workspaces and what runs are in it; --with-environments removes it';
  if (object.kind === 'Namespace') {
    const others = all.filter(
      (other) => other.object.metadata.namespace === name && !isGoing(other) && !isOfCluster(other),
    );
    return others.length === 0 ? undefined : `it holds what connect did not put in: ${listNames(others)}`;
  }
  if (object.kind === 'CustomResourceDefinition') {
    const [plural = '', ...group] = name.split('.');
    const others = all.filter(
      (other) =>
        other.resource.plural === plural &&
        other.resource.group === group.join('.') &&
        !isGoing(other) &&
        !(withEnvironments && isInEnvironment(other, candidates)),
    );
    return others.length === 0 ? undefined : `objects of this kind would go with it: ${listNames(others)}`;
  }
  return undefined;
}

function isInEnvironment({ object }: Owned, candidates: readonly Owned[]): boolean {
  return candidates.some(
    ({ object: { kind, metadata }, part }) =>
      kind === 'Namespace' && part === 'environments' && metadata.name === object.metadata.namespace,
  );
}

/** What the cluster and Argo CD make by themselves, and what belongs to an object that goes. */
function isOfCluster({ object: { kind, metadata }, isChild }: Owned & { isChild: boolean }): boolean {
  if (isChild || ['Event', 'Endpoints', 'EndpointSlice', 'Lease', 'PodMetrics'].includes(kind)) return true;
  // not by Argo CD's label: its documents ask for it on secrets of a person's own
  return ['kube-root-ca.crt', 'default', 'argocd-initial-admin-secret', 'argocd-redis'].includes(metadata.name);
}

function listNames(owned: readonly Owned[]): string {
  const names = owned.map(({ object }) => nameOf(object));
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}

/** Applications are stopped first, by {@link removeDeparting}; kinds and namespaces go when nothing needs them. */
function orderOf({ object: { kind }, part }: Owned): number {
  if (kind === 'Namespace') return 6;
  if (kind === 'CustomResourceDefinition') return 5;
  if (part === undefined) return 0;
  if (kind === 'Application') return 1;
  return part === 'argocd' ? 3 : 2;
}

/** What leaving needs besides the cluster. */
export interface DepartureScreen {
  readonly tell: (text: string) => void;
  readonly clock: Clock;
}

/** Refuses where the person may not remove what connect put in. */
export async function requireRemoving(api: KubeApi, { removed, freed, marked, released }: Departure): Promise<void> {
  const applications = removed.filter(({ object }) => object.kind === 'Application');
  const rightTo = (verb: string, all: readonly Owned[]) =>
    all.map(({ resource: { group, plural }, object: { metadata } }) => ({
      ...{ verb, group, resource: plural },
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    }));
  const patched = rightTo('patch', [...applications, ...freed, ...marked, ...released]);
  await requireRights(api, [...rightTo('delete', [...removed, ...freed]), ...patched], 'leaving');
}

/** Takes out what was planned, each by its id; may be repeated after it was interrupted. */
export async function removeDeparting(api: KubeApi, departure: Departure, screen: DepartureScreen): Promise<void> {
  const applications = departure.removed.filter(({ object }) => object.kind === 'Application');
  // an Application that is stopped brings nothing back, and without its finalizer takes nothing along; it is removed after
  // what it delivered, which is found by it
  const stop = { metadata: { finalizers: null }, spec: { syncPolicy: { automated: null } } };
  for (const one of applications) await mergePatch(api, one, stop);
  for (const one of departure.marked)
    await mergePatch(api, one, { metadata: { labels: { [PART_LABEL]: 'platform' } } });
  for (const one of departure.freed) {
    await remove(api, one, screen);
    await mergePatch(api, one, { metadata: { finalizers: null } });
  }
  const freed = new Set(departure.freed.map(({ uid }) => uid));
  for (const one of departure.removed.filter(({ uid }) => !freed.has(uid))) await remove(api, one, screen);
  for (const one of departure.released) await release(api, one, screen);
}

async function remove(api: KubeApi, one: Owned, { tell }: DepartureScreen): Promise<void> {
  const body = { preconditions: { uid: one.uid }, propagationPolicy: 'Background' };
  const answer = await api.call('DELETE', pathOf(one.resource, one.object), { body });
  // 409: another object has the name by now; it is not connect's
  if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409)
    throw new Refusal(`cannot remove ${nameOf(one.object)}: ${explain(answer)}`);
  tell(`removed ${nameOf(one.object)}`);
}

/** Takes connect's marks off an object that was there before. */
async function release(api: KubeApi, one: Owned, { tell }: DepartureScreen): Promise<void> {
  const { apiVersion, kind, metadata } = one.object;
  if (kind === 'Secret') {
    const body = { apiVersion, kind, metadata: { name: metadata.name, namespace: metadata.namespace } };
    const type = 'application/apply-patch+yaml';
    await api.call('PATCH', `${pathOf(one.resource, one.object)}?fieldManager=${KEY_MANAGER}`, { body, type });
  }
  await mergePatch(api, one, { metadata: { labels: { [PART_LABEL]: null }, annotations: { [TAKEN_OVER]: null } } });
  tell(`left ${nameOf(one.object)}, which was there before`);
}

interface Patch {
  readonly metadata: object;
  readonly spec?: object;
}

/** Changes an object by its id: another one that has the name by now is left alone. */
async function mergePatch(api: KubeApi, { resource, object, uid }: Owned, patch: Patch): Promise<void> {
  const body = { ...patch, metadata: { ...patch.metadata, uid } };
  const answer = await api.call('PATCH', pathOf(resource, object), { body, type: 'application/merge-patch+json' });
  if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409)
    throw new Refusal(`cannot change ${nameOf(object)}: ${explain(answer)}`);
}

const GONE_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 500;

/** Waits until what was removed is gone; returns what is still there, by name. */
export async function waitUntilGone(
  api: KubeApi,
  { removed }: Departure,
  { clock }: DepartureScreen,
): Promise<string[]> {
  const limit = clock.now().getTime() + GONE_WITHIN_MS;
  for (let waiting: readonly Owned[] = removed; ; ) {
    const isThere = await inTurn(waiting, 8, async ({ resource, object, uid }) => {
      const { status, body } = await api.call('GET', pathOf(resource, object), { accept: ONE });
      return status === 200 && kubeObject.safeParse(body).data?.metadata['uid'] === uid;
    });
    waiting = waiting.filter((_one, at) => isThere[at]);
    if (waiting.length === 0) return [];
    if (clock.now().getTime() > limit) return waiting.map(({ object }) => nameOf(object));
    await clock.sleep(LOOK_EVERY_MS);
  }
}
