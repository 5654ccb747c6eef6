import * as z from 'zod';
import { explain, type KubeApi, listResources, pathOf, type Resource } from '#core/cluster/api.ts';
import {
  type Difference,
  type KubeObject,
  kubeObject,
  listDifferences,
  nameOf,
  PART_LABEL,
  TAKEN_OVER,
} from '#core/cluster/objects.ts';
import { inTurn, type Right, requireRights } from '#core/cluster/rights.ts';
import { Refusal } from '#core/values/errors.ts';

/** The name under which the API server remembers which fields connect wrote. */
export const MANAGER = 'slipway-connect';

/** The name for the GitHub App's key, which connecting without one must not take out. */
export const KEY_MANAGER = 'slipway-connect-app-key';

/** An object, and under which name it is written. */
export interface Put {
  readonly object: KubeObject;
  readonly manager: string;
}

/** What connecting does to one object. */
export interface Change extends Put {
  readonly state: 'new' | 'same' | 'changed';
  /** True for an object that was there and that connect did not put in. */
  readonly isForeign: boolean;
  /** Fields that someone else has written since: `spec.replicas (kubectl-edit)`. */
  readonly byHand: readonly string[];
  readonly differences: readonly Difference[];
}

/** Finds the resource of an object; undefined while the API server does not serve its kind. */
export type FindResource = (object: KubeObject) => Promise<Resource | undefined>;

/** Returns a {@link FindResource} that asks once for each version, and again where a kind was not there. */
export function createResourceFinder(api: KubeApi): FindResource {
  const known = new Map<string, Promise<Resource[]>>();
  const look = async (object: KubeObject): Promise<Resource | undefined> => {
    const list = known.get(object.apiVersion) ?? listResources(api, object.apiVersion);
    known.set(object.apiVersion, list);
    return (await list).find(({ kind }) => kind === object.kind);
  };
  return async (object) => {
    const found = await look(object);
    if (found !== undefined) return found;
    known.delete(object.apiVersion);
    return look(object);
  };
}

/** Refuses where the person may not write one of the objects. */
export async function requireWriting(api: KubeApi, objects: readonly KubeObject[], find: FindResource): Promise<void> {
  const rights = await inTurn(objects, 8, async (object): Promise<Right[]> => {
    const resource = (await find(object)) ?? describedBy(objects, object);
    if (resource === undefined) return [];
    const { group, plural, isNamespaced } = resource;
    const { namespace } = object.metadata;
    const place = isNamespaced && namespace !== undefined ? { namespace } : {};
    return ['get', 'create', 'patch'].map((verb) => ({ verb, group, resource: plural, ...place }));
  });
  await requireRights(api, rights.flat(), 'connecting');
}

const definition = z.looseObject({
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ kind: z.string(), plural: z.string() }),
    scope: z.string(),
  }),
});

/** A kind that comes with these objects: its definition is among them. */
function describedBy(objects: readonly KubeObject[], { apiVersion, kind }: KubeObject): Resource | undefined {
  for (const object of objects.filter((one) => one.kind === 'CustomResourceDefinition')) {
    const { data } = definition.safeParse(object);
    if (data?.spec.names.kind !== kind || !apiVersion.startsWith(`${data.spec.group}/`)) continue;
    const { group, names, scope } = data.spec;
    const base = `/apis/${apiVersion}`;
    return { base, group, plural: names.plural, kind, isNamespaced: scope === 'Namespaced', verbs: [] };
  }
  return undefined;
}

/** Returns what connecting would do to each object, by the API server's own dry run. Nothing is written. */
export function planPuts(api: KubeApi, puts: readonly Put[], find: FindResource): Promise<Change[]> {
  return inTurn(puts, 8, (put) => planPut(api, put, find));
}

async function planPut(api: KubeApi, put: Put, find: FindResource): Promise<Change> {
  const { object } = put;
  const fresh = { ...put, state: 'new', isForeign: false, byHand: [], differences: [] } as const;
  const resource = await find(object);
  if (resource === undefined) return fresh; // its kind comes with what is put in before it
  const live = await api.call('GET', pathOf(resource, object));
  if (live.status !== 404 && live.status !== 200) throw refusal('look at', object, explain(live));
  if (live.status === 404) {
    const soft = await patch(api, resource, put, { isDry: true, isForced: false });
    // the namespace comes first; an administrator of it need not be there yet
    if (soft.status === 404 || isSuccess(soft.status)) return fresh;
    throw refusal('put in', object, explain(soft));
  }
  const before = kubeObject.parse(live.body);
  const isForeign = put.manager === MANAGER && before.metadata.labels?.[PART_LABEL] === undefined;
  const wanted = { ...put, object: keepMark(object, before, isForeign) };
  const soft = await patch(api, resource, wanted, { isDry: true, isForced: false });
  const byHand = soft.status === 409 ? listConflicts(soft.body) : [];
  const dry = byHand.length > 0 ? await patch(api, resource, wanted, { isDry: true, isForced: true }) : soft;
  if (!isSuccess(dry.status)) throw refusal('change', object, explain(dry));
  const differences = listDifferences(before, dry.body);
  return { ...wanted, state: differences.length === 0 ? 'same' : 'changed', isForeign, byHand, differences };
}

/** What was there before connect is marked, and stays marked: leaving must not remove it. */
function keepMark(object: KubeObject, before: KubeObject, isForeign: boolean): KubeObject {
  if (!isForeign && before.metadata.annotations?.[TAKEN_OVER] === undefined) return object;
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [TAKEN_OVER]: 'true' } } };
}

/** Writes one object as it was planned. */
export async function writeChange(api: KubeApi, change: Change, find: FindResource): Promise<void> {
  const { object, byHand } = change;
  const resource = await find(object);
  if (resource === undefined) throw refusal('put in', object, `the cluster does not know the kind ${object.kind}`);
  for (let attempt = 1; ; attempt++) {
    const answer = await patch(api, resource, change, { isDry: false, isForced: byHand.length > 0 });
    if (isSuccess(answer.status)) return;
    // two at once: both found nothing, and one was first
    const isRace = answer.status === 409 && listConflicts(answer.body).length === 0;
    if (!isRace || attempt === 5) throw refusal('put in', object, explain(answer));
  }
}

function patch(
  api: KubeApi,
  resource: Resource,
  { object, manager }: Put,
  { isDry, isForced }: { isDry: boolean; isForced: boolean },
) {
  const query = `fieldManager=${manager}&fieldValidation=Strict&force=${isForced}${isDry ? '&dryRun=All' : ''}`;
  const options = { body: object, type: 'application/apply-patch+yaml' }; // JSON is YAML
  return api.call('PATCH', `${pathOf(resource, object)}?${query}`, options);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

const conflict = z.looseObject({
  details: z.looseObject({
    causes: z.array(
      z.looseObject({ reason: z.string().default(''), message: z.string().default(''), field: z.string().default('') }),
    ),
  }),
});

/** Returns the fields that another manager wrote, each with the manager as the API server calls it. */
function listConflicts(body: unknown): string[] {
  const causes = conflict.safeParse(body).data?.details.causes ?? [];
  return causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(
      ({ field, message }) => `${field.replace(/^\./, '')} (${/^conflict with "([^"]*)"/.exec(message)?.[1] ?? '?'})`,
    );
}

function refusal(verb: string, object: KubeObject, why: string): Refusal {
  return new Refusal(`cannot ${verb} ${nameOf(object)}: ${why}`);
}
