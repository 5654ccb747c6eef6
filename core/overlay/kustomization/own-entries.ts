import { findField, type Source } from '#core/overlay/kustomization/document.ts';
import type { ImageEntry, LocatedEntry } from '#core/overlay/kustomization/entries.ts';
import { withoutTag } from '#core/overlay/kustomization/reference.ts';
import { type ImageNames, namesOf } from '#core/overlay/names.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';
import { suggestName } from '#core/values/suggest.ts';

/** What slipway.yaml says about the images of a kustomization; without it, entries are called by the images' keys. */
export interface ImageSettings {
  readonly names?: ImageNames;
  /** Host of the registry. */
  readonly host?: string;
}

/** Refuses images without an entry: names the entry that is there under another name, or the lines to add. */
export function refuseMissing(
  source: Source,
  entries: readonly LocatedEntry[],
  wanted: ReadonlyMap<string, Digest>,
  { names = new Map(), host }: ImageSettings,
): void {
  const has = (image: string): boolean => namesOf(names, image).some((one) => entries.some(({ name }) => name === one));
  const missing = [...wanted].filter(([image]) => !has(image));
  const [first] = missing;
  if (first === undefined) return;
  const what = missing.map(([image]) => image).join(', ');
  if (findField(source, source.root, 'imageTags') !== undefined) {
    throw new Refusal(
      `${source.file} has no images entry for ${what}; rename imageTags, which kustomize gave up, to images`,
    );
  }
  const free = entries.filter(({ name }) => ![...names.values()].flat().includes(name));
  for (const [image] of missing) refuseOtherNames(source, free, image, namesOf(names, image));
  const suggestion =
    missing.length === 1
      ? suggestName(
          first[0],
          entries.map(({ name }) => name),
        )
      : '';
  const lines = missing.map(([image, to]) => {
    const [name = image] = namesOf(names, image);
    return entryLines(name, host === undefined ? guessNewName(entries, image) : `${host}/${image}`, to);
  });
  const remedy = suggestion.endsWith('?') ? ' If not, add' : '; add';
  throw new Refusal(
    `${source.file} has no images entry for ${what}${suggestion}${remedy} these lines below images:\n${lines.join('\n')}`,
  );
}

/** An entry that is there under another name is not asked for a second time. */
function refuseOtherNames(
  source: Source,
  entries: readonly LocatedEntry[],
  image: string,
  names: readonly string[],
): void {
  const tagged = entries.find(({ name }) => names.includes(withoutTag(name)));
  if (tagged !== undefined) {
    const plain = withoutTag(tagged.name);
    throw new Refusal(
      `${source.file}:${tagged.line}: the name ${quote(tagged.name)} holds ${nameTag(tagged.name)}, and kustomize looks for an image that is called so as a whole; write name: ${plain}`,
    );
  }
  const alike = entries.filter(({ name, newName }) => [name, newName].some((one) => one?.endsWith(`/${image}`)));
  if (alike.length === 0) return;
  const own = alike.map(({ name }) => name).join(', ');
  const [where, verb] = alike.length === 1 ? ['its entry', 'is'] : ['its entries', 'are'];
  throw new Refusal(
    `${source.file} has no images entry for ${image}: ${where} in ${showLines(alike)} ${verb} called ${own}; add names: [${own}] to ${image} in slipway.yaml`,
  );
}

/** Returns an entry as it is to be written. */
export function entryLines(name: string, newName: string, digest: Digest): string {
  return `  - name: ${name}\n    newName: ${newName}\n    digest: ${digest}`;
}

/** Images of one overlay mostly come from one registry. */
function guessNewName(entries: readonly ImageEntry[], image: string): string {
  const hosts = entries.map(({ newName }) => newName?.split('/')[0] ?? '');
  return `${hosts.find((host) => /[.:]/.test(host)) ?? '<registry>'}/${image}`;
}

/** Returns an image's entries, at most one of each name. */
export function findEntries(
  source: Source,
  entries: readonly LocatedEntry[],
  names: readonly string[],
): LocatedEntry[] {
  return names.flatMap((name) => {
    const own = entries.filter((entry) => entry.name === name);
    if (own.length > 1)
      throw new Refusal(`${source.file} has ${own.length} images entries for ${name}, in ${showLines(own)}; keep one`);
    for (const entry of own) refuseTag(source, entry);
    return own;
  });
}

/** kustomize would write the digest behind a tag that is part of the name. */
function refuseTag({ file }: Source, { name, newName, line }: LocatedEntry): void {
  if (newName === undefined || withoutTag(newName) === newName) return;
  throw new Refusal(
    `${file}:${line}: newName of ${name} holds ${nameTag(newName)}; write newName: ${withoutTag(newName)}, the digest alone says which build runs`,
  );
}

function showLines(entries: readonly LocatedEntry[]): string {
  const lines = entries.map(({ line }) => line);
  const last = lines.pop();
  return lines.length === 0 ? `line ${last}` : `lines ${lines.join(', ')} and ${last}`;
}

function nameTag(reference: string): string {
  const rest = reference.slice(withoutTag(reference).length);
  return rest.startsWith('@') ? `the digest ${rest.slice(1)}` : `the tag ${rest.slice(1)}`;
}
