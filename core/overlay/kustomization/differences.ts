import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';

/** Keys and positions from a document's root to a value. */
export type Path = readonly (string | number)[];

/** One place where two documents differ: the texts of its values, undefined where there is none. */
export interface Difference {
  readonly path: Path;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/**
 * Returns where two YAML nodes differ, as deep as they can be told apart. Scalars are compared as they are written,
 * so that numbers too long for a double and `1` beside `"1"` stay different.
 */
export function findDifferences(one: unknown, other: unknown, path: Path = []): Difference[] {
  if (isMap(one) && isMap(other)) {
    const [ours, theirs] = [byKey(one), byKey(other)];
    const keys = new Set([...ours.keys(), ...theirs.keys()]);
    return [...keys].flatMap((key) => findDifferences(ours.get(key), theirs.get(key), [...path, key]));
  }
  if (isSeq(one) && isSeq(other)) {
    const length = Math.max(one.items.length, other.items.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      findDifferences(one.items[index], other.items[index], [...path, index]),
    );
  }
  return isSame(one, other) ? [] : [{ path, from: textOf(one), to: textOf(other) }];
}

function isSame(one: unknown, other: unknown): boolean {
  if (isScalar(one) && isScalar(other)) return one.source === other.source && one.type === other.type;
  return isAlias(one) && isAlias(other) ? one.source === other.source : one === other;
}

/** By the key's text: looking `8080` up by its name finds no number. */
function byKey(map: YAMLMap): Map<string, unknown> {
  return new Map(map.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : String(key), value]));
}

function textOf(node: unknown): string | undefined {
  if (node === undefined) return undefined;
  return isScalar(node) ? (node.source ?? String(node.value)) : String(node);
}
