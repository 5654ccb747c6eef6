import { type ImageName, parseImageName } from '#core/registry/image-name.ts';
import type { Registry } from '#core/registry/registry.ts';
import { type InputSettings, writtenBase } from '#core/source/image-inputs.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** The base image as slipway.yaml or the template writes it. */
export interface BaseImage {
  readonly written: string;
  readonly name: ImageName;
}

/** The base image that a build starts from. */
export interface PinnedBase {
  readonly digest: Digest;
  /** The same image by digest. */
  readonly reference: string;
}

/** Returns the base image that a commit names; asks no registry. */
export async function readBaseImage(image: InputSettings, source: SourceTree): Promise<BaseImage> {
  const written = writtenBase(image) ?? (await readDefault(image, source));
  return { written, name: parseImageName(`base image of ${image.name}`, written) };
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

async function readDefault(image: InputSettings, source: SourceTree): Promise<string> {
  const text = (await source.readText(image.template)) ?? '';
  const found = findDefault(text, 'base_image');
  if (found !== undefined) return found;
  throw new InputError(
    `images.${image.name}.template`,
    image.template,
    'has no variable base_image with a literal default: declare it, or set base in slipway.yaml',
  );
}

/** Returns the literal default of a Packer variable; undefined when it has none or an expression. */
export function findDefault(template: string, variable: string): string | undefined {
  const code = template.replace(/^\s*(?:#|\/\/).*$/gm, '');
  const start = new RegExp(`\\bvariable\\s+"${variable}"\\s*\\{`).exec(code);
  if (start === null) return undefined;
  const block = code.slice(start.index + start[0].length).split(/^\s*\}/m)[0] ?? '';
  return /(?:^|\{|\n)\s*default\s*=\s*"([^"\\$%]*)"/.exec(block)?.[1];
}
