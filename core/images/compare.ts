import type { ImageConfig } from '#core/config/config.ts';
import { normalizePath } from '#core/config/meaning.ts';
import { type ImageInputs, type InputSettings, listInputPaths, writtenBase } from '#core/source/image-inputs.ts';
import { type Ingredients, readIngredients } from '#core/source/ingredients.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import { createLimit } from '#core/system/limit.ts';
import { isExpected } from '#core/values/errors.ts';

/** A commit, and the images that its slipway.yaml has. */
export interface ImageSide {
  readonly source: SourceTree;
  readonly images: ReadonlyMap<string, ImageConfig>;
}

/** What becomes of an image whose inputs a change alters. */
export type ImageChange =
  | { readonly is: 'gone'; readonly before: ImageConfig }
  | { readonly is: 'broken'; readonly after: ImageConfig; readonly isNew: boolean; readonly why: string }
  | {
      readonly is: 'changed';
      readonly after: ImageConfig;
      readonly isNew: boolean;
      readonly ingredients: Ingredients;
      readonly causes: readonly string[];
      readonly rebuildsDependencies: boolean;
    };

/** Images that are read at the same time. */
const AT_A_TIME = 8;

/** Returns the images whose input hash a change alters, by what both commits hold; `paths` are those that differ. */
export async function compareImages(
  base: ImageSide,
  head: ImageSide,
  paths: readonly string[],
): Promise<ReadonlyMap<string, ImageChange>> {
  const changes = new Map<string, ImageChange>();
  for (const [name, before] of base.images) if (!head.images.has(name)) changes.set(name, { is: 'gone', before });
  const limit = createLimit(AT_A_TIME);
  const found = await Promise.all(
    [...head.images]
      .filter(([name, after]) => isReached(base.images.get(name), after, paths))
      .map(([name, after]) => limit(async () => [name, await compareImage(base, head, after)] as const)),
  );
  for (const [name, change] of found) if (change !== undefined) changes.set(name, change);
  return changes;
}

/** Without a change of its settings or below its paths, an image's hash is the same: its trees are not read. */
function isReached(before: InputSettings | undefined, after: InputSettings, paths: readonly string[]): boolean {
  if (before === undefined || describeSettings(before) !== describeSettings(after)) return true;
  const inputs = listInputPaths(after).map(normalizePath);
  return paths.some((path) => inputs.some((input) => path === input || input === '.' || path.startsWith(`${input}/`)));
}

function describeSettings({ template, inputs, base, dependencies, variables }: InputSettings): string {
  return JSON.stringify([template, inputs, base ?? null, dependencies, Object.entries(variables).sort()]);
}

async function compareImage(base: ImageSide, head: ImageSide, after: ImageConfig): Promise<ImageChange | undefined> {
  const before = base.images.get(after.name);
  const [was, is] = await Promise.all([before && readOrWhy(before, base.source), readOrWhy(after, head.source)]);
  const isNew = before === undefined;
  if (typeof is === 'string') return { is: 'broken', after, isNew, why: is };
  const old = typeof was === 'string' ? undefined : was; // it could not be built before
  if (old?.inputHash === is.inputHash) return undefined;
  return {
    is: 'changed',
    after,
    isNew,
    ingredients: is,
    causes: old === undefined || before === undefined ? [] : listCauses([before, old], [after, is]),
    rebuildsDependencies: is.dependenciesHash !== undefined && is.dependenciesHash !== old?.dependenciesHash,
  };
}

async function readOrWhy(image: InputSettings, source: SourceTree): Promise<Ingredients | string> {
  try {
    return await readIngredients(image, source);
  } catch (error) {
    if (isExpected(error)) return error.message;
    throw error;
  }
}

type Read = readonly [InputSettings, ImageInputs];

/** Returns the paths whose content differs, and then the keys of slipway.yaml that do. */
function listCauses([before, was]: Read, [after, is]: Read): string[] {
  const trees = ({ template, inputs }: ImageInputs): Map<string, string> =>
    new Map([...template, ...inputs].map(({ path, mode, oid }) => [path, `${mode} ${oid}`]));
  const [old, now] = [trees(was), trees(is)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
  const names = [...new Set([before, after].flatMap(({ variables }) => Object.keys(variables)))];
  const variables = names.filter((name) => before.variables[name] !== after.variables[name]);
  const isOtherBase = before.base !== after.base && writtenBase(before) !== writtenBase(after);
  return [
    ...paths,
    ...(isOtherBase ? ['slipway.yaml: base'] : []),
    ...variables.map((name) => `slipway.yaml: variables.${name}`),
  ];
}
