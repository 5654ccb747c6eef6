import { readConfig } from '#core/config/read.ts';
import type { RegistryLocation } from '#core/registry/registry.ts';
import type { InputSettings } from '#core/source/image-inputs.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import { InputError } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import type { Inputs } from './inputs.ts';

/** Returns what slipway.yaml says at the source commit about the image, and where its registry is. */
export async function readImageSettings(
  source: SourceTree,
  inputs: Inputs,
): Promise<{ image: InputSettings; location: RegistryLocation }> {
  const config = await readConfig(source, inputs.config);
  const image = config.images.get(inputs.image);
  if (image !== undefined) return { image, location: config.registry };
  const known = [...config.images.keys()];
  throw new InputError('image', inputs.image, `is not an image of ${inputs.config}${suggestName(inputs.image, known)}`);
}
