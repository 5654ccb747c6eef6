import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { Refusal } from '#core/errors.ts';
import { type Digest, isDigest } from '#core/reference.ts';

/** An entry of a kustomization's `images:`, with what it inherits by merge keys. */
export interface ImageEntry {
  readonly name: string;
  readonly newName: string | undefined;
  readonly newTag: string | undefined;
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
  readonly line: number;
}

/** Returns the entries of `images:`; refuses text that is not a kustomization. `file` is how messages name it. */
export function readImageEntries(text: string, file: string): ImageEntry[] {
  return readKustomization(text, file).entries.map(({ node: _node, ...entry }) => entry);
}

/**
 * Returns the text with each wanted digest in its entry, and what was changed. Only the scalar moves: comments, order,
 * quotes, indentation and line ends stay. An entry with `newTag` gets the digest in the tag's place; an entry with
 * neither gets a line of its own. The text is not written anew from a model: what is not spliced is not touched.
 */
export function setDigests(
  text: string,
  file: string,
  wanted: ReadonlyMap<string, Digest>,
): { text: string; changes: DigestChange[] } {
  const source = readKustomization(text, file);
  const splices: Splice[] = [];
  const changes: DigestChange[] = [];
  for (const [image, to] of wanted) {
    const entry = findEntry(source, image, to);
    if (entry.digest === to && ownPair(entry.node, 'newTag') === undefined) continue;
    splices.push(...spliceEntry(source, entry, to));
    changes.push({ image, from: entry.digest, fromTag: entry.newTag, to, line: entry.line });
  }
  refuseSharedAnchors(source, splices);
  return { text: applySplices(text, splices), changes };
}

/** Replaces `start` to `end` (UTF-16 offsets) by `text`. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The node whose value changes, for what refers to it by an anchor. */
  readonly node?: Scalar | Alias;
}

interface LocatedEntry extends ImageEntry {
  readonly node: YAMLMap;
}

interface Source {
  readonly text: string;
  readonly file: string;
  readonly document: Document.Parsed;
  readonly entries: readonly LocatedEntry[];
}

function readKustomization(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'silent',
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const what =
      error.code === 'MULTIPLE_DOCS'
        ? 'holds several documents: keep one'
        : `is not valid YAML: ${error.message.split('\n')[0] ?? ''}`;
    throw new Refusal(`${file}:${lines.linePos(error.pos[0]).line} ${what}`);
  }
  if (!isMap(document.contents))
    throw new Refusal(`${file} is not a kustomization: expected a mapping with resources and images`);
  const images = document.contents.get('images', true);
  if (images === undefined || (isScalar(images) && images.value === null)) return { text, file, document, entries: [] };
  if (!isSeq(images)) throw new Refusal(`${file}: images is not a list: write one entry a line, each with a dash`);
  const entries = images.items.map((item): LocatedEntry => {
    const line = lines.linePos(rangeOf(item)[0]).line;
    if (isAlias(item))
      throw new Refusal(
        `${file}:${line} the images entry *${item.source} is an alias: write the entry itself, so that it can be changed alone`,
      );
    if (!isMap(item)) throw new Refusal(`${file}:${line} is no images entry: expected name, newName and digest`);
    const values: unknown = item.toJS(document);
    const field = (key: string): string | undefined => textOf(values, key);
    const digest = field('digest');
    return {
      node: item,
      line,
      name: field('name') ?? '',
      newName: field('newName'),
      newTag: field('newTag'),
      digest: digest !== undefined && isDigest(digest) ? digest : undefined,
    };
  });
  return { text, file, document, entries };
}

function textOf(values: unknown, key: string): string | undefined {
  if (typeof values !== 'object' || values === null) return undefined;
  const value: unknown = Object.entries(values).find(([name]) => name === key)?.[1];
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

function findEntry(source: Source, image: string, to: Digest): LocatedEntry {
  const found = source.entries.filter((entry) => entry.name === image);
  const [only, second] = found;
  if (only === undefined) {
    throw new Refusal(
      `${source.file} has no images entry for ${image}; add these lines below images:\n  - name: ${image}\n    newName: <registry>/${image}\n    digest: ${to}`,
    );
  }
  if (second !== undefined)
    throw new Refusal(
      `${source.file} has two images entries for ${image}, in lines ${only.line} and ${second.line}: keep one`,
    );
  return only;
}

function spliceEntry(source: Source, entry: LocatedEntry, to: Digest): Splice[] {
  const digest = ownPair(entry.node, 'digest');
  const tag = ownPair(entry.node, 'newTag');
  if (digest === undefined && tag === undefined) return [insertDigest(source, entry, to)];
  if (tag === undefined || digest === undefined) {
    const pair = digest ?? tag;
    return pair === undefined ? [] : replacePair(source, pair, to);
  }
  // one of the two must go; the first pair of a block entry stands on the dash's own line and has to stay
  const first = entry.node.items[0];
  return first === tag
    ? [...replacePair(source, tag, to), removePair(source, entry.node, digest)]
    : [...replacePair(source, digest, to), removePair(source, entry.node, tag)];
}

/** Puts the digest where the pair's value is; a `newTag` key becomes `digest`. */
function replacePair(source: Source, pair: Pair, to: Digest): Splice[] {
  const [keyStart, keyEnd] = rangeOf(pair.key);
  const key = source.text.slice(keyStart, keyEnd);
  const rename = key.includes('newTag')
    ? [{ start: keyStart, end: keyEnd, text: key.replace('newTag', 'digest') }]
    : [];
  return [...rename, replaceValue(source, pair, to)];
}

function replaceValue(source: Source, pair: Pair, to: Digest): Splice {
  const value = pair.value;
  const [start, end] = rangeOf(value);
  const node = isScalar(value) || isAlias(value) ? { node: value } : {};
  const written = source.text.slice(start, end);
  if (written === '') return insertValue(source, pair, to);
  const old = isScalar(value) ? String(value.value) : undefined;
  const inside = old === undefined || old === '' ? -1 : written.indexOf(old);
  if (old !== undefined && inside >= 0)
    return { start: start + inside, end: start + inside + old.length, text: to, ...node };
  const quoted = written.match(/^(['"])[\s\S]*\1$/)?.[1] ?? '';
  return { start, end, text: `${quoted}${to}${quoted}`, ...node };
}

/** `digest:` with nothing behind it. */
function insertValue(source: Source, pair: Pair, to: Digest): Splice {
  const [, keyEnd] = rangeOf(pair.key);
  const colon = source.text.indexOf(':', keyEnd);
  return { start: colon + 1, end: colon + 1, text: ` ${to}` };
}

/** Adds a digest behind the entry's last own pair: a line in block style, a pair in flow style. */
function insertDigest(source: Source, entry: LocatedEntry, to: Digest): Splice {
  const last = entry.node.items.at(-1);
  const first = entry.node.items[0];
  if (last === undefined || first === undefined)
    throw new Refusal(`${source.file}:${entry.line} is an empty images entry: give it a name`);
  const [, end] = rangeOf(last.value ?? last.key);
  if (entry.node.flow === true) return { start: end, end, text: `, digest: ${to}` };
  const [keyStart] = rangeOf(first.key);
  const indent = source.text.slice(source.text.lastIndexOf('\n', keyStart - 1) + 1, keyStart).replace(/[^ ]/g, ' ');
  const lineEnd = source.text.indexOf('\n', Math.max(0, end - 1));
  if (lineEnd === -1) return { start: source.text.length, end: source.text.length, text: `\n${indent}digest: ${to}` };
  const eol = source.text[lineEnd - 1] === '\r' ? '\r\n' : '\n';
  return { start: lineEnd + 1, end: lineEnd + 1, text: `${indent}digest: ${to}${eol}` };
}

/** Takes a pair out: its line in block style, the pair with one comma in flow style. */
function removePair(source: Source, map: YAMLMap, pair: Pair): Splice {
  const [keyStart] = rangeOf(pair.key);
  const [, valueEnd] = rangeOf(pair.value ?? pair.key);
  const node = isScalar(pair.value) ? { node: pair.value } : {};
  if (map.flow === true) {
    const behind = source.text.slice(valueEnd).match(/^\s*,\s*/)?.[0].length;
    if (behind !== undefined) return { start: keyStart, end: valueEnd + behind, text: '', ...node };
    const before = source.text.slice(0, keyStart).match(/,\s*$/)?.[0].length ?? 0;
    return { start: keyStart - before, end: valueEnd, text: '', ...node };
  }
  const lineStart = source.text.lastIndexOf('\n', keyStart - 1) + 1;
  const lineEnd = source.text.indexOf('\n', Math.max(lineStart, valueEnd - 1));
  if (lineEnd !== -1) return { start: lineStart, end: lineEnd + 1, text: '', ...node };
  const before = source.text.slice(0, lineStart).match(/\r?\n$/)?.[0].length ?? 0; // the last line has no end of its own
  return { start: lineStart - before, end: source.text.length, text: '', ...node };
}

/** A changed scalar that carries an anchor would change whatever refers to it, unless that is replaced as well. */
function refuseSharedAnchors(source: Source, splices: readonly Splice[]): void {
  const changed = new Set(splices.map((splice) => splice.node));
  const anchors = new Set(
    splices.flatMap((splice) =>
      isScalar(splice.node) && splice.node.anchor !== undefined ? [splice.node.anchor] : [],
    ),
  );
  visit(source.document, {
    Alias: (_key, alias) => {
      if (!anchors.has(alias.source) || changed.has(alias)) return;
      throw new Refusal(
        `${source.file}: the anchor &${alias.source} gives its value to another place (*${alias.source}), which would change with it: write the value there itself`,
      );
    },
  });
}

function applySplices(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce((result, splice) => result.slice(0, splice.start) + splice.text + result.slice(splice.end), text);
}

function ownPair(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** The parser gives every node that it read a range: start and end of the value, in UTF-16 units. */
function rangeOf(node: unknown): [number, number] {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) throw new Error('a node of the parsed file has no range');
  return [Number(range[0]), Number(range[1])];
}
