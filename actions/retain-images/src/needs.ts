import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import { readImageEntries } from '#core/overlay/kustomization/entries.ts';
import { readNames } from '#core/overlay/names.ts';
import { readOverlayFile } from '#core/overlay/tree.ts';
import type { RegistryLocation } from '#core/registry/registry.ts';
import { parseHeldImages } from '#core/release/holds.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, type Digest, NEVER_RELEASED } from '#core/values/reference.ts';
import { suggestName } from '#core/values/suggest.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Why an image must stay. */
export type Need =
  | { readonly kind: 'overlay' | 'hold'; readonly environment: string }
  | { readonly kind: 'release'; readonly environment: string; readonly commit: CommitSha }
  /** A manifest list that must stay refers to it. */
  | { readonly kind: 'child'; readonly list: string };

/** What git can still ask for, at one commit of the branch. */
export interface Needs {
  readonly head: CommitSha;
  readonly registry: RegistryLocation;
  /** The needs of each digest, of each image that was asked about. */
  readonly images: ReadonlyMap<string, ReadonlyMap<Digest, readonly Need[]>>;
}

/** What reading the needs takes of the world. */
export type NeedsPorts = Pick<Ports, 'git' | 'history' | 'readConfig' | 'now'>;

/** Returns what the overlays, the last releases and the holds at a commit need. */
export async function readNeeds(head: CommitSha, inputs: Inputs, ports: NeedsPorts): Promise<Needs> {
  const config = await ports.readConfig(head);
  const images = chooseImages(inputs, config);
  const found = new Map(images.map((image) => [image, new Map<Digest, Need[]>()]));
  const add = (image: string, digest: Digest, need: Need): void => {
    const needs = found.get(image);
    if (needs !== undefined && digest !== NEVER_RELEASED) needs.set(digest, [...(needs.get(digest) ?? []), need]);
  };
  for (const environment of config.environments.values()) await readEnvironment(head, environment, config, ports, add);
  const branch = await ports.history.at(head);
  const places = [...config.environments.values()].map(({ name, overlay }) => ({ environment: name, overlay }));
  for (const releases of (await branch.findReleases({ places, images, count: inputs.releases })).values()) {
    for (const { image, to, environment, commit } of releases) add(image, to, { kind: 'release', environment, commit });
  }
  return { head, registry: config.registry, images: found };
}

function chooseImages(inputs: Inputs, config: Config): readonly string[] {
  const known = [...config.images.keys()];
  const unknown = inputs.images.find((image) => !config.images.has(image));
  if (unknown !== undefined)
    throw new InputError('image', unknown, `is not an image of ${inputs.config}${suggestName(unknown, known)}`);
  return inputs.images.length === 0 ? known : inputs.images;
}

async function readEnvironment(
  head: CommitSha,
  environment: EnvironmentConfig,
  config: Config,
  ports: NeedsPorts,
  add: (image: string, digest: Digest, need: Need) => void,
): Promise<void> {
  const file = await readOverlayFile(ports.git, head, environment.overlay);
  const names = readNames(config);
  for (const { name, digest } of readImageEntries(file.content.toString('utf8'), file.path)) {
    const image = [...names].find(([, own]) => own.includes(name))?.[0];
    if (image !== undefined && digest !== undefined)
      add(image, digest, { kind: 'overlay', environment: environment.name });
  }
  const path = `${environment.overlay}/holds.yaml`;
  const holds = await ports.git.readText(head, path);
  if (holds === undefined) return;
  for (const { image, digest } of parseHeldImages(path, holds, ports.now())) {
    add(image, digest, { kind: 'hold', environment: environment.name });
  }
}
