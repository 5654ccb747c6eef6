import type { PushRegistry } from '#core/registry/registry.ts';
import type { InputSettings } from '#core/source/image-inputs.ts';
import type { Ingredients } from '#core/source/ingredients.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import type { Digest } from '#core/values/reference.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** All that is decided before a build begins. */
export interface Plan {
  readonly image: InputSettings;
  readonly registry: PushRegistry;
  readonly inputs: Inputs;
  readonly source: SourceTree;
  readonly ingredients: Ingredients;
  /** What the registry has for these inputs. */
  readonly known: Digest | undefined;
  readonly tag: string;
  readonly sourceTag: string;
}

/** A forced build of known inputs gets tags of its own: the first build keeps its tags, which never move. */
export function chooseTags(
  inputs: Inputs,
  source: SourceTree,
  ingredients: Ingredients,
  known: Digest | undefined,
  ports: Ports,
): { tag: string; sourceTag: string } {
  const suffix = inputs.force && known !== undefined ? `-${ports.attempt}` : '';
  return { tag: `in-${ingredients.inputHash}${suffix}`, sourceTag: `git-${source.commit}${suffix}` };
}
