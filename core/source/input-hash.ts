import { createHash } from 'node:crypto';
import type { TreeEntry } from '#core/git/tree-entry.ts';

/** Everything that decides what a build makes. */
export interface BuildIngredients {
  /** What is built: two kinds never share a hash. */
  readonly kind: 'image' | 'dependencies';
  readonly inputs: readonly TreeEntry[];
  /** The Packer template and, where there is one, the plugin list beside it. */
  readonly template: readonly TreeEntry[];
  readonly variables: Readonly<Record<string, string>>;
  /** The base image as slipway.yaml writes it; undefined where the template, which is in the hash, says it. */
  readonly base: string | undefined;
}

/** Raised when the same ingredients must be built again because this code changed. */
const FORMAT = 1;

/**
 * Returns the identity of a build, 64 hex digits. The ingredients are encoded as JSON of sorted arrays: no two
 * different sets encode alike, and the order in which they were written down does not count.
 */
export function computeInputHash(ingredients: BuildIngredients): string {
  const trees = (list: readonly TreeEntry[]) => list.map(({ path, mode, oid }) => [path, mode, oid]).sort(byFirst);
  const canonical = [
    'slipway-inputs',
    FORMAT,
    ingredients.kind,
    trees(ingredients.inputs),
    trees(ingredients.template),
    Object.entries(ingredients.variables).sort(byFirst),
    ingredients.base ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

function byFirst(one: readonly string[], other: readonly string[]): number {
  const [a = '', b = ''] = [one[0], other[0]];
  return a < b ? -1 : a > b ? 1 : 0; // not by locale: the hash must not depend on the machine's language
}
