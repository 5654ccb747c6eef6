import type { Config } from '#core/config/config.ts';
import { type Digest, NEVER_RELEASED } from '#core/values/reference.ts';

/** How manifests call the images of slipway.yaml: an overlay's entries of an image are those with one of its names. */
export type ImageNames = ReadonlyMap<string, readonly string[]>;

/** The digests of images, by their keys in slipway.yaml. */
export interface ImageDigests {
  get(image: string): Digest | undefined;
}

/** What an overlay's entries say, by their own names; undefined for an entry with a tag or with nothing. */
export type EntryDigests = ReadonlyMap<string, Digest | undefined>;

/** Returns the names that slipway.yaml gives. */
export function readNames({ images }: Config): ImageNames {
  return new Map([...images.values()].map(({ name, names }) => [name, names]));
}

/** Returns the names of one image; its key is the only name of one that slipway.yaml does not know. */
export function namesOf(names: ImageNames, image: string): readonly string[] {
  return names.get(image) ?? [image];
}

/** Returns the digests that entries give to images; see {@link agree}. */
export function digestsOf(entries: EntryDigests, names: ImageNames): ImageDigests {
  const get = (image: string): Digest | undefined => {
    const [own = image, ...others] = namesOf(names, image);
    if (others.length === 0) return entries.get(own); // nothing to agree on, as in most repositories
    return agree([own, ...others].filter((name) => entries.has(name)).map((name) => entries.get(name)));
  };
  return { get };
}

/**
 * Returns the one digest of an image's entries. Those that were never released do not count beside others; undefined where
 * the others differ, since then a hand changed one of them.
 */
function agree(digests: readonly (Digest | undefined)[]): Digest | undefined {
  const [first, ...others] = digests.filter((digest) => digest !== NEVER_RELEASED);
  if (first === undefined) return digests.every((digest) => digest === NEVER_RELEASED) ? digests[0] : undefined;
  return others.every((digest) => digest === first) ? first : undefined;
}
