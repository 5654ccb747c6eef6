import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import {
  findField,
  rangeOf,
  readSource,
  resolveAlias,
  type Source,
  scalarText,
} from '#core/overlay/kustomization/document.ts';
import { Refusal } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';

/** An entry of a kustomization's `images:`, with what it inherits by merge keys. */
export interface ImageEntry {
  readonly name: string;
  readonly newName: string | undefined;
  readonly newTag: string | undefined;
  /** Undefined also for a value that is not a digest. */
  readonly digest: Digest | undefined;
  /** Line of the entry, from 1. */
  readonly line: number;
}

/** An entry with its place in the text that it was read from. */
export interface LocatedEntry extends ImageEntry {
  readonly node: YAMLMap;
  /** What holds the entry, outermost first: an anchor on any of these may give it to others. */
  readonly place: readonly unknown[];
  readonly index: number;
}

/** Returns the entries of `images:`; refuses text that is not a kustomization. `file` is how messages name it. */
export function readImageEntries(text: string, file: string): ImageEntry[] {
  return locateEntries(readSource(text, file)).map(({ node: _node, place: _place, index: _index, ...entry }) => entry);
}

/** Returns the entries of `images:` with their places. */
export function locateEntries(source: Source): LocatedEntry[] {
  const written = findField(source, source.root, 'images')?.pair.value;
  const images = resolveAlias(source, written);
  if (images === undefined || images === null || (isScalar(images) && images.value === null)) return [];
  const { file } = source;
  if (!isSeq(images)) {
    const at = source.line(rangeOf(images)[0]);
    throw new Refusal(`${file}:${at}: images is not a list; write each entry below it with a dash: - name: …`);
  }
  return images.items.map((item, index) => {
    const node = resolveAlias(source, item);
    const line = source.line(rangeOf(item)[0]);
    if (!isMap(node)) throw new Refusal(`${file}:${line}: this is not an images entry; write name, newName and digest`);
    const field = (name: string): string | undefined => {
      const text = scalarText(source, findField(source, node, name)?.pair.value);
      return text === '' ? undefined : text;
    };
    const digest = field('digest');
    return {
      name: field('name') ?? '',
      newName: field('newName'),
      newTag: field('newTag'),
      digest: digest !== undefined && isDigest(digest) ? digest : undefined,
      line,
      node,
      place: [source.root, images, node],
      index,
    };
  });
}
