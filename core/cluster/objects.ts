import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { quote, Refusal } from '#core/values/errors.ts';
import { showInvisible } from '#core/values/markdown.ts';

/** What every Kubernetes object has. */
export const kubeObject = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

/** An object of Kubernetes. */
export type KubeObject = z.output<typeof kubeObject>;

/** The label on everything that `cluster connect` puts in; its value is the {@link Part}. `cluster leave` goes by it. */
export const PART_LABEL = 'slipway/part';

/** On what was there before: `cluster leave` takes the label off and leaves the object. */
export const TAKEN_OVER = 'slipway/taken-over';

/** What an object belongs to, in the order in which the parts are put in. */
export const PARTS = ['namespaces', 'environments', 'aws-key', 'argocd', 'platform', 'applications'] as const;

/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number];

/** Returns the objects of a YAML text, Lists unfolded; refuses with `origin` what is not a list of Kubernetes objects. */
export function readObjects(text: string, origin: string): KubeObject[] {
  const documents = parseAllDocuments(text);
  const items = ('empty' in documents ? [] : documents).flatMap((document): unknown[] => {
    if (document.errors[0] !== undefined) throw new Refusal(`${origin} is not YAML: ${document.errors[0].message}`);
    const value: unknown = document.toJS();
    const list = z.looseObject({ kind: z.literal('List'), items: z.array(z.unknown()) }).safeParse(value);
    if (list.success) return list.data.items;
    return value === null ? [] : [value];
  });
  return items.map((item) => {
    const { data } = kubeObject.safeParse(item);
    if (data === undefined)
      throw new Refusal(`${origin} holds something that is not a Kubernetes object: ${show(item)}`);
    return data;
  });
}

function show(value: unknown): string {
  return quote(JSON.stringify(value) ?? '');
}

/** Returns how a person calls an object: `argocd/deployment argocd-server`, without a namespace `clusterrole x`. */
export function nameOf({ kind, metadata: { name, namespace } }: KubeObject): string {
  return showInvisible(`${namespace === undefined ? '' : `${namespace}/`}${kind.toLowerCase()} ${name}`);
}

/** Returns what tells one object from all others; the version of its group does not. */
function keyOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return [group, kind, namespace ?? '', name].join('|');
}

/** Returns the objects with the label of their part. */
export function labelled(objects: readonly KubeObject[], part: Part): KubeObject[] {
  return objects.map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, [PART_LABEL]: part } },
  }));
}

/**
 * Returns one object where several are the same one: Argo CD's manifest brings empty ConfigMaps which the platform fills.
 * What comes later is laid over what was there; the part stays the first one's.
 */
export function mergeSame(objects: readonly KubeObject[]): KubeObject[] {
  const merged = new Map<string, KubeObject>();
  for (const object of objects) {
    const key = keyOf(object);
    const before = merged.get(key);
    const part = before?.metadata.labels?.[PART_LABEL];
    const after = before === undefined ? object : kubeObject.parse(overlay(before, object));
    merged.set(
      key,
      part === undefined
        ? after
        : { ...after, metadata: { ...after.metadata, labels: { ...after.metadata.labels, [PART_LABEL]: part } } },
    );
  }
  return [...merged.values()];
}

function overlay(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, key in above ? overlay(below[key], above[key]) : below[key]]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the API server writes by itself. */
const OWN_FIELDS = new Set(['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink']);

/** A field that differs, as a path such as `spec.replicas`, with its value before and after. */
export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Returns where two states of an object differ, without what the API server and controllers write. */
export function listDifferences(before: unknown, after: unknown, path: readonly string[] = []): Difference[] {
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item: unknown, at) => listDifferences(item, after[at], [...path, String(at)]));
  if (!isRecord(before) || !isRecord(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: path.join('.'), before, after }];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys
    .filter((key) => !(path.length === 0 && key === 'status') && !(path[0] === 'metadata' && OWN_FIELDS.has(key)))
    .flatMap((key) => listDifferences(before[key], after[key], [...path, key]));
}
