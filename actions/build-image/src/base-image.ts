import type { ImageName } from '#core/registry/image-name.ts';
import type { Registry } from '#core/registry/registry.ts';
import type { BaseImage } from '#core/source/base-image.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** The base image that a build starts from. */
export interface PinnedBase {
  readonly digest: Digest;
  /** The same image by digest. */
  readonly reference: string;
}

/** Returns the digest that the base image has now: the written one, or the one its tag points to in its registry. */
export async function pinBaseImage(
  base: BaseImage,
  registryOf: (host: string) => Promise<Registry>,
): Promise<PinnedBase> {
  const { name, written } = base;
  const digest = name.digest ?? (await resolveTag(name, written, registryOf));
  return { digest, reference: `${name.name}@${digest}` };
}

async function resolveTag(
  name: ImageName,
  written: string,
  registryOf: (host: string) => Promise<Registry>,
): Promise<Digest> {
  const registry = await registryOf(name.host);
  const digest = await registry.findDigest(name.repository, name.tag ?? 'latest');
  if (digest !== undefined) return digest;
  throw new Refusal(
    `the base image ${written} is not at ${name.host}; correct base in slipway.yaml or base_image in the template`,
  );
}
