import { posix } from 'node:path';
import type { ImageConfig } from '#core/config/config.ts';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { type BuildIngredients, computeInputHash } from '#core/source/input-hash.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import { InputError } from '#core/values/errors.ts';

/** The settings of slipway.yaml that decide what goes into an image. */
export type InputSettings = Pick<ImageConfig, 'name' | 'template' | 'inputs' | 'base' | 'dependencies' | 'variables'>;

/** What goes into an image at one commit, read from git alone. */
export interface ImageInputs {
  /** The Packer template and, where there is one, the plugin list beside it. */
  readonly template: readonly TreeEntry[];
  readonly inputs: readonly TreeEntry[];
  /** Empty for an image without a dependency layer. */
  readonly dependencies: readonly TreeEntry[];
  readonly inputHash: string;
  /** Undefined for an image without a dependency layer. */
  readonly dependenciesHash: string | undefined;
}

/** Returns the base image as slipway.yaml writes it; undefined where it leaves that to the template. */
export function writtenBase(image: InputSettings): string | undefined {
  return image.base ?? image.variables['base_image'];
}

/** Returns the path of the plugin list that belongs to a template: `plugins.pkr.hcl` beside it. */
export function pluginsPath(template: string): string {
  return posix.join(posix.dirname(template), 'plugins.pkr.hcl');
}

/** Returns every path whose content decides what goes into the image. */
export function listInputPaths(image: InputSettings): string[] {
  return [pluginsPath(image.template), image.template, ...image.inputs, ...image.dependencies];
}

/** Reads an image's inputs at a commit; refuses a path that the commit does not have. */
export async function readImageInputs(image: InputSettings, source: SourceTree): Promise<ImageInputs> {
  const paths = listInputPaths(image);
  const [plugins, ...rest] = await source.findEntries(paths);
  const found = rest.map((entry, index) => {
    if (entry !== undefined) return entry;
    throw new InputError(
      `images.${image.name}`,
      paths[index + 1] ?? '',
      `is not in commit ${source.commit}: commit it, or correct slipway.yaml`,
    );
  });
  const template = [...found.slice(0, 1), ...(plugins === undefined ? [] : [plugins])];
  const inputs = found.slice(1, 1 + image.inputs.length);
  const dependencies = found.slice(1 + image.inputs.length);
  const hash = (kind: BuildIngredients['kind'], entries: readonly TreeEntry[]) =>
    computeInputHash({
      kind,
      inputs: entries,
      template,
      variables: image.variables,
      base: writtenBase(image),
    });
  return {
    template,
    inputs,
    dependencies,
    inputHash: hash('image', inputs),
    dependenciesHash: dependencies.length === 0 ? undefined : hash('dependencies', dependencies),
  };
}
