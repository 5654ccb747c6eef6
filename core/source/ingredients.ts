import { InputError } from '#core/values/errors.ts';
import { type BaseImage, readBaseImage } from './base-image.ts';
import { type ImageInputs, type InputSettings, readImageInputs } from './image-inputs.ts';
import type { SourceTree } from './source-tree.ts';

/** What a build is made of, read from git before anything is built. */
export interface Ingredients extends ImageInputs {
  readonly base: BaseImage;
}

/** The variables that build-image sets; slipway.yaml must not. */
const OWN_VARIABLES = ['image_repository', 'image_tag', 'source_sha', 'source_url', 'layer'];

/** Reads everything that goes into a build from the commit. */
export async function readIngredients(image: InputSettings, source: SourceTree): Promise<Ingredients> {
  refuseOwnVariables(image);
  const [inputs, base] = await Promise.all([readImageInputs(image, source), readBaseImage(image, source)]);
  return { ...inputs, base };
}

function refuseOwnVariables(image: InputSettings): void {
  const taken = OWN_VARIABLES.find((name) => name in image.variables);
  if (taken === undefined) return;
  throw new InputError(
    `images.${image.name}.variables`,
    taken,
    'is set by build-image itself: remove it from slipway.yaml',
  );
}
