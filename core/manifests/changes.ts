import { type Fields, isFields, isList, isSame, Plain, type Value } from '#core/manifests/value.ts';
import { canonical } from '#core/values/canonical.ts';
import { findGaps } from '#core/values/sequence.ts';

/** A step of a path: a key, a place in a list, or the item of a list that a field names. */
export type Step = string | number | { readonly field: string; readonly value: string };

/** One place where two manifests differ; a side without a value has undefined. */
export interface Change {
  readonly path: readonly Step[];
  readonly from: Value | undefined;
  readonly to: Value | undefined;
}

/** The fields by which lists of the Kubernetes API tell their items apart, the likeliest first. */
const KEYS = ['name', 'mountPath', 'containerPort', 'port', 'topologyKey', 'key', 'host', 'ip'];

/** Returns where two values differ, as deep as they can be told apart. */
export function findChanges(from: Value | undefined, to: Value | undefined, path: readonly Step[] = []): Change[] {
  if (isFields(from) && isFields(to)) {
    const keys = new Set([...from.keys(), ...to.keys()]);
    return [...keys].flatMap((key) => findChanges(from.get(key), to.get(key), [...path, key]));
  }
  if (isList(from) && isList(to)) {
    const field = findKey(from, to);
    return field === undefined ? compareLists(from, to, path) : compareKeyed(from, to, field, path);
  }
  return isSame(from, to) ? [] : [{ path, from, to }];
}

function findKey(from: readonly Value[], to: readonly Value[]): string | undefined {
  if (from.length + to.length === 0) return undefined;
  return KEYS.find((field) =>
    [from, to].every((list) => {
      const values = list.map((item) => keyOf(item, field));
      return !values.includes(undefined) && new Set(values).size === values.length;
    }),
  );
}

function keyOf(item: Value, field: string): string | undefined {
  const value = isFields(item) ? item.get(field) : undefined;
  if (value instanceof Plain) return value.text;
  return typeof value === 'string' ? value : undefined;
}

function compareKeyed(from: readonly Value[], to: readonly Value[], field: string, path: readonly Step[]): Change[] {
  const index = (list: readonly Value[]): Fields => new Map(list.map((item) => [keyOf(item, field) ?? '', item]));
  const [old, now] = [index(from), index(to)];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const changes = keys.flatMap((value) => findChanges(old.get(value), now.get(value), [...path, { field, value }]));
  const order = (one: Fields, other: Fields): string => [...one.keys()].filter((key) => other.has(key)).join(', ');
  const [was, is] = [order(old, now), order(now, old)];
  return was === is ? changes : [...changes, { path: [...path, 'order'], from: was, to: is }];
}

/** Items that nothing tells apart are compared by their places. */
function compareLists(from: readonly Value[], to: readonly Value[], path: readonly Step[]): Change[] {
  return findGaps(from.map(canonical), to.map(canonical)).flatMap((gap) => {
    const [gone, come] = [from.slice(gap.from, gap.to), to.slice(gap.start, gap.end)];
    if (gone.length === come.length)
      return gone.flatMap((item, at) => findChanges(item, come[at], [...path, gap.start + at]));
    return [
      ...gone.map((item, at): Change => ({ path: [...path, gap.from + at], from: item, to: undefined })),
      ...come.map((item, at): Change => ({ path: [...path, gap.start + at], from: undefined, to: item })),
    ];
  });
}
