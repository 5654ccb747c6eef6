import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import {
  findField,
  listAliases,
  rangeOf,
  readSource,
  resolveAlias,
  type Source,
  scalarText,
} from '#core/overlay/kustomization/document.ts';
import { applySplices, type Splice, spliceDigest } from '#core/overlay/kustomization/splices.ts';
import { Refusal } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';
import { suggestName } from '#core/values/suggest.ts';

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

/** What {@link setDigests} changed about one image. */
export interface DigestChange {
  readonly image: string;
  readonly from: Digest | undefined;
  readonly fromTag: string | undefined;
  readonly to: Digest;
  /** Line of the digest in the new text, from 1. */
  readonly line: number;
}

/** Returns the entries of `images:`; refuses text that is not a kustomization. `file` is how messages name it. */
export function readImageEntries(text: string, file: string): ImageEntry[] {
  return locateEntries(readSource(text, file)).map(({ node: _node, place: _place, index: _index, ...entry }) => entry);
}

/**
 * Returns the text with each wanted digest in its entry, and what was changed; nothing where the digest is there
 * already. Only the scalar moves: comments, order, quotes, indentation and line ends stay, since the text is spliced
 * and not written again from a model. What the new text says is compared with what it should say: a form in which the
 * digest cannot be changed alone (an anchor that others use) is refused.
 */
export function setDigests(
  text: string,
  file: string,
  wanted: ReadonlyMap<string, Digest>,
): { text: string; changes: DigestChange[] } {
  const source = readSource(text, file);
  const entries = locateEntries(source);
  refuseMissing(source, entries, wanted);
  const edits = [...wanted].flatMap(([image, to]): Edit[] => {
    const entry = findEntry(source, entries, image);
    return entry.digest === to ? [] : [{ entry, to, splices: spliceDigest(source, entry.node, { image, digest: to }) }];
  });
  const result = applySplices(
    text,
    edits.flatMap((edit) => edit.splices),
  );
  const lines = proveEdits(source, result, edits);
  const changes = edits.map(({ entry, to }, index) => {
    return { image: entry.name, from: entry.digest, fromTag: entry.newTag, to, line: lines[index] ?? entry.line };
  });
  return { text: result, changes };
}

interface LocatedEntry extends ImageEntry {
  readonly node: YAMLMap;
  /** What holds the entry, outermost first: an anchor on any of these may give it to others. */
  readonly place: readonly unknown[];
  readonly index: number;
}

interface Edit {
  readonly entry: LocatedEntry;
  readonly to: Digest;
  readonly splices: readonly Splice[];
}

function locateEntries(source: Source): LocatedEntry[] {
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

function refuseMissing(source: Source, entries: readonly LocatedEntry[], wanted: ReadonlyMap<string, Digest>): void {
  const missing = [...wanted].filter(([image]) => !entries.some((entry) => entry.name === image));
  const [first] = missing;
  if (first === undefined) return;
  const what = missing.map(([image]) => image).join(', ');
  if (findField(source, source.root, 'imageTags') !== undefined) {
    throw new Refusal(
      `${source.file} has no images entry for ${what}; rename imageTags, which kustomize gave up, to images`,
    );
  }
  const names = entries.map((entry) => entry.name);
  const suggestion = missing.length === 1 ? suggestName(first[0], names) : '';
  const lines = missing.map(([image, to]) => entryLines(image, guessNewName(entries, image), to));
  const remedy = suggestion.endsWith('?') ? ' If not, add' : '; add';
  throw new Refusal(
    `${source.file} has no images entry for ${what}${suggestion}${remedy} these lines below images:\n${lines.join('\n')}`,
  );
}

function entryLines(name: string, newName: string, digest: Digest): string {
  return `  - name: ${name}\n    newName: ${newName}\n    digest: ${digest}`;
}

/** Images of one overlay mostly come from one registry. */
function guessNewName(entries: readonly ImageEntry[], image: string): string {
  const neighbour = entries.find((entry) => entry.newName?.includes('/'))?.newName;
  return neighbour === undefined ? `<registry>/${image}` : neighbour.replace(/[^/]*$/, image);
}

function findEntry(source: Source, entries: readonly LocatedEntry[], image: string): LocatedEntry {
  const [only, second] = entries.filter((entry) => entry.name === image);
  if (only === undefined) throw new Error('missing entries are refused before');
  if (second === undefined) return only;
  throw new Refusal(
    `${source.file} has two images entries for ${image}, in lines ${only.line} and ${second.line}; keep one`,
  );
}

/** Returns each edit's line of the digest, or refuses when the new text says anything but the wanted digests. */
function proveEdits(source: Source, text: string, edits: readonly Edit[]): number[] {
  const found = readEdited(text, source.file);
  const expected = plainValues(source.values, edits, true);
  if (found !== undefined && isDeepStrictEqual(plainValues(found.source.values, edits, false), expected)) {
    return edits.map(({ entry }) => {
      const node = found.entries[entry.index]?.node;
      const pair = node === undefined ? undefined : findField(found.source, node, 'digest')?.pair;
      return pair === undefined ? entry.line : found.source.line(rangeOf(pair.key)[0]);
    });
  }
  throw explainEntanglement(source, edits);
}

function readEdited(text: string, file: string): { source: Source; entries: LocatedEntry[] } | undefined {
  try {
    const source = readSource(text, file);
    return { source, entries: locateEntries(source) };
  } catch (error) {
    if (error instanceof Refusal) return undefined; // the caller explains why the edit failed
    throw error;
  }
}

/** The file's values with the edited entries in one form of many: keys without case, no empty tag; `wanted` sets digests. */
function plainValues(values: unknown, edits: readonly Edit[], wanted: boolean): unknown {
  const root: Record<string, unknown> = { ...(values as object) }; // readSource lets only mappings through
  const key = Object.keys(root).find((name) => name.toLowerCase() === 'images') ?? 'images';
  const items = [...(root[key] as Record<string, unknown>[])]; // an edit has an entry, so there is a list of mappings
  for (const { entry, to } of edits) {
    const fields = Object.entries(items[entry.index] ?? {}).filter(([name]) => !/^(digest|newtag)$/i.test(name));
    const lower = Object.entries(items[entry.index] ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
    const { digest, newtag } = Object.fromEntries(lower);
    items[entry.index] = {
      ...Object.fromEntries(fields),
      digest: wanted ? to : digest,
      newtag: wanted ? '' : (newtag ?? ''),
    };
  }
  return { ...root, [key]: items };
}

/** Says which anchor gives an edited value to another place, where that is the reason. */
function explainEntanglement(source: Source, edits: readonly Edit[]): Refusal {
  const valuesOf = ({ node }: LocatedEntry) =>
    ['digest', 'newTag'].map((name) => findField(source, node, name)?.pair.value);
  const replaced = new Set(edits.flatMap(({ entry }) => valuesOf(entry)));
  const aliases = listAliases(source).filter((alias) => !replaced.has(alias));
  for (const { entry } of edits) {
    const values = valuesOf(entry);
    const place = [...entry.place, ...values].filter((node): node is Node => isNode(node) && !isAlias(node));
    const user = aliases.find((alias) => place.some((node) => alias.resolve(source.document) === node));
    if (user === undefined) continue;
    const [at] = rangeOf(user);
    return new Refusal(
      `${source.file}:${source.line(at)}: *${user.source} repeats what the anchor &${user.source} marks, and would change with ${entry.name}; write the value there itself`,
    );
  }
  const [first] = edits;
  if (first === undefined) return new Refusal(`${source.file} reads differently when it is read twice`);
  const { name, newName, line } = first.entry;
  const plain = entryLines(name, newName ?? `<registry>/${name}`, first.to);
  return new Refusal(
    `${source.file}:${line}: the digest of ${name} cannot be changed alone in the form of this entry; write it as\n${plain}`,
  );
}
