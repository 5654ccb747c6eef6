import { findLine } from '#core/config/document.ts';
import type { Unpinned } from '#core/images/report.ts';
import { findDefault } from '#core/source/base-image.ts';
import type { InputSettings } from '#core/source/image-inputs.ts';
import type { Ingredients } from '#core/source/ingredients.ts';
import type { SourceTree } from '#core/source/source-tree.ts';

/** Returns an image's base where it is written without a digest, with its file and line; null where it is pinned. */
export async function findUnpinned(
  image: InputSettings,
  { base }: Pick<Ingredients, 'base'>,
  source: SourceTree,
  config: string,
): Promise<Unpinned | null> {
  if (base.name.digest !== undefined) return null;
  const { written } = base;
  if (image.base === undefined && image.variables['base_image'] === undefined) {
    const text = (await source.readText(image.template)) ?? '';
    return { written, file: image.template, line: findDefault(text, 'base_image')?.line ?? 1 };
  }
  const key = image.base === undefined ? ['variables', 'base_image'] : ['base'];
  const text = (await source.readText(config)) ?? '';
  return { written, file: config, line: findLine(text, ['images', image.name, ...key]) };
}
