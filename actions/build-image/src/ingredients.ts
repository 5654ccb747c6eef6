import { posix } from 'node:path';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { type ImageName, parseImageName } from '#core/registry/image-name.ts';
import type { Registry } from '#core/registry/registry.ts';
import { type BuildIngredients, computeInputHash } from '#core/source/input-hash.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** An image of slipway.yaml, as far as a build needs it. */
export interface ImageSettings {
  readonly name: string;
  readonly template: string;
  readonly inputs: readonly string[];
  readonly dependencies: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** What a build is made of, known before anything is built. */
export interface Ingredients {
  readonly template: readonly TreeEntry[];
  readonly inputs: readonly TreeEntry[];
  /** Empty for an image without a dependency layer. */
  readonly dependencies: readonly TreeEntry[];
  readonly base: PinnedBase;
  readonly inputHash: string;
  /** Undefined for an image without a dependency layer. */
  readonly dependenciesHash: string | undefined;
}

/** The base image as somebody wrote it, and the one that it stands for now. */
export interface PinnedBase {
  readonly written: string;
  readonly digest: Digest;
  /** The same image by digest: what the build starts from. */
  readonly reference: string;
}

/** The variables that this action sets; slipway.yaml must not. */
const OWN_VARIABLES = ['image_repository', 'image_tag', 'source_sha', 'source_url', 'layer'];

/** Reads the ids of everything that goes into a build and asks the base image's registry what it stands for. */
export async function gatherIngredients(
  image: ImageSettings,
  source: SourceTree,
  registryOf: (host: string) => Promise<Registry>,
): Promise<Ingredients> {
  refuseOwnVariables(image);
  const [ids, base] = await Promise.all([findAll(image, source), pinBase(image, source, registryOf)]);
  const hash = (kind: BuildIngredients['kind'], inputs: readonly TreeEntry[]) =>
    computeInputHash({ kind, inputs, template: ids.template, variables: image.variables, base: base.digest });
  return {
    ...ids,
    base,
    inputHash: hash('image', ids.inputs),
    dependenciesHash: ids.dependencies.length === 0 ? undefined : hash('dependencies', ids.dependencies),
  };
}

/** Returns the path of the plugin list that belongs to a template: `plugins.pkr.hcl` beside it. */
export function pluginsPath(template: string): string {
  return posix.join(posix.dirname(template), 'plugins.pkr.hcl');
}

type Ids = Pick<Ingredients, 'template' | 'inputs' | 'dependencies'>;

async function findAll(image: ImageSettings, source: SourceTree): Promise<Ids> {
  const plugins = pluginsPath(image.template);
  const paths = [plugins, image.template, ...image.inputs, ...image.dependencies];
  const [pluginsId, ...rest] = await source.findIds(paths);
  const found = rest.map((id, index) => {
    if (id !== undefined) return id;
    const path = paths[index + 1] ?? '';
    throw new InputError(
      `images.${image.name}`,
      path,
      `is not in commit ${source.commit}: commit it, or correct slipway.yaml`,
    );
  });
  const inputs = found.slice(1, 1 + image.inputs.length);
  return {
    template: [...found.slice(0, 1), ...(pluginsId === undefined ? [] : [pluginsId])],
    inputs,
    dependencies: found.slice(1 + image.inputs.length),
  };
}

async function pinBase(
  image: ImageSettings,
  source: SourceTree,
  registryOf: (host: string) => Promise<Registry>,
): Promise<PinnedBase> {
  const written = image.variables['base_image'] ?? (await readDefaultBase(image, source));
  const name = parseImageName(`base_image of ${image.name}`, written);
  const digest = name.digest ?? (await resolveBase(name, written, registryOf));
  return { written, digest, reference: `${name.name}@${digest}` };
}

async function resolveBase(
  name: ImageName,
  written: string,
  registryOf: (host: string) => Promise<Registry>,
): Promise<Digest> {
  const registry = await registryOf(name.host);
  const digest = await registry.findDigest(name.repository, name.tag ?? 'latest');
  if (digest !== undefined) return digest;
  throw new Refusal(
    `the base image ${written} is not at ${name.host}; correct base_image in slipway.yaml or in the template`,
  );
}

async function readDefaultBase(image: ImageSettings, source: SourceTree): Promise<string> {
  const text = (await source.readText(image.template)) ?? '';
  const found = findDefault(text, 'base_image');
  if (found !== undefined) return found;
  throw new InputError(
    `images.${image.name}.template`,
    image.template,
    'has no variable base_image with a literal default: declare it, or set variables.base_image in slipway.yaml',
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

function refuseOwnVariables(image: ImageSettings): void {
  const taken = OWN_VARIABLES.find((name) => name in image.variables);
  if (taken === undefined) return;
  throw new InputError(
    `images.${image.name}.variables`,
    taken,
    'is set by build-image itself: remove it from slipway.yaml',
  );
}
