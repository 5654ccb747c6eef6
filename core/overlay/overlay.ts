import type { Config, EnvironmentConfig, KustomizeOptions } from '#core/config/config.ts';
import type { Git } from '#core/git/repository.ts';
import { type ImageEntry, readImageEntries } from '#core/overlay/kustomization/entries.ts';
import { digestsOf, type ImageDigests, type ImageNames, namesOf, readNames } from '#core/overlay/names.ts';
import { type OverlayFile, readOverlayFile } from '#core/overlay/tree.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What an overlay says about images at one commit, and what slipway.yaml says about it. */
export interface OverlayState {
  readonly folder: string;
  readonly file: OverlayFile;
  readonly text: string;
  readonly entries: readonly ImageEntry[];
  /** The digest of each image that has one: all entries with one of its names agree on it. */
  readonly digests: ImageDigests;
  readonly names: ImageNames;
  readonly options: KustomizeOptions;
  /** Folders of the other environments' overlays, by their names. */
  readonly others: ReadonlyMap<string, string>;
}

/** Reads an environment's overlay at a commit. */
export async function readOverlay(
  git: Git,
  commit: CommitSha,
  environment: EnvironmentConfig,
  config: Config,
): Promise<OverlayState> {
  const { overlay: folder, kustomize: options } = environment;
  const file = await readOverlayFile(git, commit, folder);
  const text = decodeUtf8(file);
  const entries = readImageEntries(text, file.path);
  const names = readNames(config);
  const others = [...config.environments.values()].filter(({ name }) => name !== environment.name);
  // two entries of one name are refused where they would be written
  const digests = digestsOf(new Map(entries.map(({ name, digest }) => [name, digest])), names);
  return {
    folder,
    file,
    text,
    entries,
    digests,
    names,
    options,
    others: new Map(others.map(({ name, overlay }) => [name, overlay])),
  };
}

/** Returns an image's entries: those with one of its names. */
export function entriesOf(
  { entries, names }: Pick<OverlayState, 'entries' | 'names'>,
  image: string,
): readonly ImageEntry[] {
  const own = namesOf(names, image);
  return entries.filter(({ name }) => own.includes(name));
}

/**
 * Returns why an image has no entry although one is pulled from its repository: that one has another name, so what is
 * written to the image's entries passes it by.
 */
export function findUnclaimed(
  { file, entries, names }: Pick<OverlayState, 'file' | 'entries' | 'names'>,
  image: string,
  { registry }: Pick<Config, 'registry'>,
): Refusal | undefined {
  const own = namesOf(names, image);
  if (entries.some(({ name }) => own.includes(name))) return undefined;
  const host = registry.type === 'oci' ? `${registry.host}/` : `${registry.account}.dkr.ecr.${registry.region}.`;
  const claimed = [...names.values()].flat();
  const entry = entries.find(({ name, newName = name }) => {
    return newName.startsWith(host) && newName.endsWith(`/${image}`) && !claimed.includes(name);
  });
  if (entry === undefined) return undefined;
  return new Refusal(
    `${file.path}:${entry.line}: the images entry ${entry.name} is pulled from the repository of ${image} and has no name of it, which is ${own.join(' or ')}: correct the entry's name, or add it to names of ${image} in slipway.yaml`,
  );
}

/**
 * Returns the repository that the cluster pulls an image from, as the overlay says. It must be of the registry of
 * slipway.yaml, or a check there proves nothing.
 */
export function repositoryOf(overlay: OverlayState, image: string, host: string): string {
  const pulled = entriesOf(overlay, image).map(({ name, newName }) => newName ?? name);
  const [name = image, ...others] = pulled;
  const other = others.find((one) => one !== name);
  if (other !== undefined) {
    throw new Refusal(
      `${overlay.file.path}: ${image} is pulled from ${JSON.stringify(name)} and from ${JSON.stringify(other)}; give its entries one newName, or make them two images of slipway.yaml`,
    );
  }
  if (name.startsWith(`${host}/`)) return name.slice(host.length + 1);
  throw new Refusal(
    `${overlay.file.path}: ${image} is pulled from ${JSON.stringify(name)}, but slipway.yaml's registry is ${host}; set newName to ${host}/${image}`,
  );
}

function decodeUtf8(file: OverlayFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.content);
  } catch {
    throw new Refusal(`${file.path} is not valid UTF-8; save it as UTF-8`);
  }
}
