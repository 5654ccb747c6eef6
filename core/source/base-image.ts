import { type ImageName, parseImageName } from '#core/registry/image-name.ts';
import { InputError } from '#core/values/errors.ts';
import { type InputSettings, writtenBase } from './image-inputs.ts';
import type { SourceTree } from './source-tree.ts';

/** The base image as slipway.yaml or the template writes it. */
export interface BaseImage {
  readonly written: string;
  readonly name: ImageName;
}

/** Returns the base image that a commit names; asks no registry. */
export async function readBaseImage(image: InputSettings, source: SourceTree): Promise<BaseImage> {
  const written = writtenBase(image) ?? (await readDefault(image, source));
  return { written, name: parseImageName(`base image of ${image.name}`, written) };
}

async function readDefault(image: InputSettings, source: SourceTree): Promise<string> {
  const text = (await source.readText(image.template)) ?? '';
  const found = findDefault(text, 'base_image');
  if (found !== undefined) return found.text;
  throw new InputError(
    `images.${image.name}.template`,
    image.template,
    'has no variable base_image with a literal default: declare it, or set base in slipway.yaml',
  );
}

/** The literal default of a Packer variable, and its line. */
export interface Default {
  readonly text: string;
  readonly line: number;
}

/** Returns the literal default of a Packer variable; undefined when it has none or an expression. */
export function findDefault(template: string, variable: string): Default | undefined {
  const code = template.replace(/^[^\S\n]*(?:#|\/\/).*$/gm, ''); // its lines stay where they are
  const start = new RegExp(`\\bvariable\\s+"${variable}"\\s*\\{`).exec(code);
  if (start === null) return undefined;
  const from = start.index + start[0].length;
  const block = code.slice(from).split(/^\s*\}/m)[0] ?? '';
  const found = /(?:^|\{|\n)\s*default\s*=\s*"([^"\\$%]*)"/.exec(block);
  if (found?.[1] === undefined) return undefined;
  return { text: found[1], line: code.slice(0, from + found.index + found[0].length).split('\n').length };
}
