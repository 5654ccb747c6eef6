import { type Fields, readDocuments, textAt } from '#core/manifests/value.ts';

/** A Kubernetes object of a rendered overlay. */
export interface KubeObject {
  /** The API group; empty for the core's. */
  readonly group: string;
  readonly kind: string;
  /** Empty where the manifest names none. */
  readonly namespace: string;
  readonly name: string;
  readonly root: Fields;
  /** The manifest as it was rendered. */
  readonly text: string;
}

/** Two states of an object: one of them is absent where it is added or removed. */
export interface Pair {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
  /** The name without its content hash, where the object is generated and its name has changed with its content. */
  readonly stem?: string;
}

/** Returns the objects of texts that each have one manifest or more. */
export function readObjects(documents: readonly string[]): KubeObject[] {
  return documents.flatMap(readDocuments).map(({ fields: root, text }) => {
    const apiVersion = textAt(root, 'apiVersion') ?? '';
    return {
      group: apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '',
      kind: textAt(root, 'kind') ?? '',
      namespace: textAt(root, 'metadata', 'namespace') ?? '',
      name: textAt(root, 'metadata', 'name') ?? textAt(root, 'metadata', 'generateName') ?? '',
      root,
      text,
    };
  });
}

/** kustomize's hash: ten hexadecimal digits, with those that spell words replaced. */
const HASHED = /^(.+)-[2456789bcdfghkmt]{10}$/;

/**
 * Matches the objects of two renderings by group, kind, namespace and name; generated ones, whose names end with a hash of
 * their content, by the name before it.
 */
export function matchObjects(before: readonly KubeObject[], after: readonly KubeObject[]): Pair[] {
  const [old, now] = [indexBy(before, identityOf), indexBy(after, identityOf)];
  const keys = new Set([...old.keys(), ...now.keys()]);
  const pairs = [...keys].map((key): Pair => ({ before: old.get(key), after: now.get(key) }));
  return joinGenerated(pairs);
}

function joinGenerated(pairs: readonly Pair[]): Pair[] {
  const added = new Map<string, Pair[]>();
  const removed = new Map<string, Pair[]>();
  for (const pair of pairs) {
    if (pair.before !== undefined && pair.after !== undefined) continue;
    const [list, key] = [pair.before === undefined ? added : removed, stemKey(pair.after ?? pair.before)];
    if (key !== undefined) list.set(key, [...(list.get(key) ?? []), pair]);
  }
  const joined = new Map<Pair, Pair | undefined>();
  for (const [key, [gone, ...others]] of removed) {
    const [come, ...more] = added.get(key) ?? [];
    if (gone === undefined || come === undefined || others.length + more.length > 0) continue; // which is which is not known
    joined.set(gone, { before: gone.before, after: come.after, stem: stemOf(come.after?.name ?? '') ?? '' });
    joined.set(come, undefined);
  }
  return pairs.flatMap((pair) => (joined.has(pair) ? (joined.get(pair) ?? []) : pair));
}

function stemKey(object: KubeObject | undefined): string | undefined {
  if (object === undefined || object.group !== '' || !/^(ConfigMap|Secret)$/.test(object.kind)) return undefined;
  const stem = stemOf(object.name);
  return stem === undefined ? undefined : JSON.stringify([object.kind, object.namespace, stem]);
}

function stemOf(name: string): string | undefined {
  return HASHED.exec(name)?.[1];
}

function identityOf({ group, kind, namespace, name }: KubeObject): string {
  return JSON.stringify([group, kind, namespace, name]);
}

function indexBy(objects: readonly KubeObject[], keyOf: (object: KubeObject) => string): Map<string, KubeObject> {
  const index = new Map<string, KubeObject>();
  for (const object of objects) {
    let key = keyOf(object);
    while (index.has(key)) key += '+'; // two that only the server will name apart, by generateName
    index.set(key, object);
  }
  return index;
}
