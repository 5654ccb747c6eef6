import { isAlias, isScalar, type Pair, Scalar, type YAMLMap } from 'yaml';
import { findField, rangeOf, type Source, scalarText } from '#core/overlay/kustomization/document.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** Replaces the text from `start` to `end` (UTF-16 offsets) by `text`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The digest that an image's entry is to have. */
export interface Wanted {
  readonly image: string;
  readonly digest: Digest;
}

/** Returns the text with all splices done, whatever their order; they must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const backwards = [...splices].sort((one, other) => other.start - one.start);
  return backwards.reduce((done, { start, end, text: put }) => done.slice(0, start) + put + done.slice(end), text);
}

/**
 * Returns the splices that give an images entry its digest: into the place of the old one, else of `newTag`, else as
 * a field of its own in the entry's style. A `newTag` beside a digest goes: kustomize would write `name:tag@digest`.
 */
export function spliceDigest(source: Source, entry: YAMLMap, wanted: Wanted): Splice[] {
  const digest = findField(source, entry, 'digest');
  const tag = findField(source, entry, 'newTag');
  const hasTag = tag !== undefined && (scalarText(source, tag.pair.value) ?? '') !== '';
  if (hasTag && tag.inherited) {
    const at = source.line(rangeOf(entry)[0]);
    throw new Refusal(
      `${source.file}:${at}: the entry of ${wanted.image} inherits newTag by a merge key; write its fields out, without newTag`,
    );
  }
  if (digest !== undefined && !digest.inherited) {
    return [replaceValue(source, digest.pair, wanted), ...(hasTag ? [removePair(source, entry, tag.pair)] : [])];
  }
  if (tag !== undefined && !tag.inherited) return [renameKey(source, tag.pair), replaceValue(source, tag.pair, wanted)];
  return [insertDigest(source, entry, wanted.digest)];
}

function renameKey(source: Source, pair: Pair): Splice {
  const [start, end] = rangeOf(pair.key);
  return { start, end, text: quoteLike(source.text[start], 'digest') };
}

function replaceValue(source: Source, pair: Pair, wanted: Wanted): Splice {
  const { key, value } = pair;
  const [start, end] = value === null ? [rangeOf(key)[1], rangeOf(key)[1]] : rangeOf(value);
  const written = source.text.slice(start, end);
  if (written === '') return fillValue(source, pair, wanted);
  const isBlock = isScalar(value) && (value.type === Scalar.BLOCK_LITERAL || value.type === Scalar.BLOCK_FOLDED);
  if (isBlock) return replaceBlock(source, start, written, wanted);
  if (!isScalar(value) && !isAlias(value)) throw unfit(source, start, 'is not text', wanted);
  if (written.includes('\n')) throw unfit(source, start, 'is written over several lines', wanted);
  return { start, end, text: quoteLike(written[0], wanted.digest) };
}

/** The one line of content of a block scalar; `|` and `>` without `-` would end the digest with a line break. */
function replaceBlock(source: Source, start: number, written: string, wanted: Wanted): Splice {
  const [header = '', content = '', extra] = written.split('\n').filter((line) => line.trim() !== '');
  const isStripped = /^[|>]\d?-/.test(header);
  if (!isStripped || content === '' || extra !== undefined) throw unfit(source, start, 'is a block of lines', wanted);
  const at = start + written.indexOf(content, header.length) + content.search(/\S/);
  return { start: at, end: at + content.trim().length, text: wanted.digest };
}

/** `digest:` with nothing behind it but, perhaps, a comment. */
function fillValue(source: Source, pair: Pair, wanted: Wanted): Splice {
  const [, keyEnd] = rangeOf(pair.key);
  const colon = source.text.slice(keyEnd).match(/^[ \t]*:/)?.[0].length;
  if (colon === undefined) throw unfit(source, keyEnd, 'is empty', wanted);
  return { start: keyEnd + colon, end: keyEnd + colon, text: ` ${wanted.digest}` };
}

function unfit(source: Source, offset: number, what: string, { image, digest }: Wanted): Refusal {
  const at = source.line(offset);
  return new Refusal(
    `${source.file}:${at}: the digest or tag of ${image} ${what}, which cannot be replaced in place; write on one line digest: ${digest}`,
  );
}

/** Returns `text` in the quotes that `first` opens, plain where it opens none. */
function quoteLike(first: string | undefined, text: string): string {
  return first === '"' || first === "'" ? `${first}${text}${first}` : text;
}

/** Adds the digest as the entry's last flow pair, or as a line below newName (else name), indented and quoted alike. */
function insertDigest(source: Source, entry: YAMLMap, to: Digest): Splice {
  const { text } = source;
  const own = ['newName', 'name']
    .map((name) => findField(source, entry, name))
    .find((field) => field?.inherited === false);
  const last = entry.items.at(-1);
  const model = own?.pair ?? last;
  if (model === undefined || last === undefined) throw new Error('an entry without pairs was found by its name');
  const field = `${quoteLike(text[rangeOf(model.key)[0]], 'digest')}: ${quoteLike(text[endOf(model).start], to)}`;
  if (entry.flow === true) return { start: endOf(last).end, end: endOf(last).end, text: `, ${field}` };
  const keyStart = rangeOf(model.key)[0];
  const indent = text.slice(lineStart(text, keyStart), keyStart).replace(/[^ ]/g, ' ');
  const { end } = endOf(model);
  const next = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
  if (next > 0) return { start: next, end: next, text: `${indent}${field}${lineEndBefore(text, next)}` };
  const line = lineStart(text, keyStart);
  const isFree =
    indent === text.slice(line, keyStart) && !/^[ \t]*#.*$/m.test(text.slice(lineStart(text, line - 1), line));
  // above the last line: that line is then the same as before, and still without an end
  if (isFree) return { start: line, end: line, text: `${indent}${field}${lineEndBefore(text, line)}` };
  return { start: text.length, end: text.length, text: `${lineEndBefore(text, line)}${indent}${field}` };
}

/** Where a pair's value starts and ends; its key where it has none. */
function endOf(pair: Pair): { start: number; end: number } {
  const [start, end] = rangeOf(pair.value ?? pair.key);
  return { start, end };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Returns the line end before `offset`; LF where there is none. */
function lineEndBefore(text: string, offset: number): string {
  return text.slice(Math.max(0, offset - 2), offset) === '\r\n' ? '\r\n' : '\n';
}

/** Takes a pair out and keeps the comment behind it; a line that held nothing else goes as a whole. */
function removePair(source: Source, map: YAMLMap, pair: Pair): Splice {
  const { text } = source;
  const [start] = rangeOf(pair.key);
  const valueEnd = endOf(pair).end;
  const end = text[valueEnd - 1] === '\n' ? valueEnd - lineEndBefore(text, valueEnd).length : valueEnd;
  const pairEnd = map.flow === true ? end + (text.slice(end).match(/^[ \t]*,/)?.[0].length ?? 0) : end;
  const before = text.slice(lineStart(text, start), start);
  const behind = text.slice(pairEnd).match(/^[ \t]*/)?.[0].length ?? 0;
  const restStart = pairEnd + behind;
  const isLineEnd = /^(\r?\n|$)/.test(text.slice(restStart));
  if (!isLineEnd) return removeWithin(source, map, start, text[restStart] === '}' ? pairEnd : restStart);
  if (before.trim() === '') return removeLine(text, start, restStart);
  // `- newTag: 1` with the next key below it: that key moves up to the dash
  const below = text.slice(restStart).match(/^\r?\n[ \t]*(?=[^\s#])/)?.[0].length;
  if (map.flow !== true && below !== undefined) return { start, end: restStart + below, text: '' };
  return { start: lineStart(text, start) + before.trimEnd().length, end: restStart, text: '' };
}

/** Cuts a part of a line out. A last flow pair has no comma behind it: the one before it goes, if there is one. */
function removeWithin({ text }: Source, map: YAMLMap, start: number, end: number): Splice {
  const isLast = map.flow === true && !/,[ \t]*$/.test(text.slice(start, end));
  const comma = isLast ? (text.slice(lineStart(text, start), start).match(/,[ \t]*$/)?.[0].length ?? 0) : 0;
  return { start: start - comma, end, text: '' };
}

/** Where the file's last line has no end, its new last line gets none either. */
function removeLine(text: string, start: number, end: number): Splice {
  const from = lineStart(text, start);
  const next = text.indexOf('\n', end) + 1;
  if (next > 0) return { start: from, end: next, text: '' };
  const before = text.slice(0, from).match(/\r?\n$/)?.[0].length ?? 0;
  return { start: from - before, end: text.length, text: '' };
}
