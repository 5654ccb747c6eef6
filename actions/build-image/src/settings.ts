import { parse } from 'yaml';
import { z } from 'zod';
import { InputError } from '#core/errors.ts';
import type { SourceTree } from '#core/input-hash.ts';
import type { RegistryLocation } from '#core/registry/registry.ts';
import type { ImageSettings } from './ingredients.ts';
import type { Inputs } from './inputs.ts';

const file = z.object({
  registry: z.discriminatedUnion('type', [
    z.object({ type: z.literal('ecr'), region: z.string(), account: z.string() }),
    z.object({ type: z.literal('oci'), host: z.string() }),
  ]),
  images: z.record(
    z.string(),
    z.object({
      template: z.string(),
      inputs: z.array(z.string()),
      dependencies: z.array(z.string()).default([]),
      variables: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** Returns what slipway.yaml says at the source commit about the image, and where its registry is. */
export async function readImageSettings(
  source: SourceTree,
  inputs: Inputs,
): Promise<{ image: ImageSettings; location: RegistryLocation }> {
  const text = await source.readText(inputs.config);
  if (text === undefined) throw new InputError('config', inputs.config, `is not in commit ${source.commit}`);
  const config = file.parse(parse(text));
  const image = config.images[inputs.image];
  if (image === undefined)
    throw new InputError(
      'image',
      inputs.image,
      `is not in ${inputs.config}; it has ${Object.keys(config.images).join(', ')}`,
    );
  return { image: { name: inputs.image, ...image }, location: config.registry };
}
