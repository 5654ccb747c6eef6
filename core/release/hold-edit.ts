import { isDeepStrictEqual } from 'node:util';
import { type CST, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { applySplices, type Splice } from '#core/overlay/kustomization/splices.ts';
import { type Hold, readHoldDocument } from '#core/release/hold-document.ts';
import { writeHead, writeHold } from '#core/release/hold-text.ts';
import { Refusal } from '#core/values/errors.ts';

/** What is done to a hold file: holds that come, and whether one of the old ones stays. */
export interface HoldTextChange {
  readonly add: readonly Hold[];
  readonly keeps: (hold: Hold) => boolean;
}

/** An entry of the list before the change. */
interface Entry {
  readonly hold: Hold;
  readonly node: YAMLMap;
  readonly isKept: boolean;
}

/**
 * Returns the text of a hold file after a change. The text is spliced and read again: it must say the holds that stay
 * and the new ones, or the edit is refused.
 */
export function editHoldText(file: string, before: string | undefined, { add, keeps }: HoldTextChange): string {
  const text = before === undefined || before.trim() === '' ? writeHead(file) : before;
  const { tree, entries: found } = readHoldDocument(file, text);
  const entries = found.map((entry): Entry => ({ ...entry, isKept: keeps(entry.hold) }));
  if (before !== undefined && add.length === 0 && entries.every(({ isKept }) => isKept)) return before;
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? '\n';
  const added = add.map((hold) => writeHold(hold).replaceAll('\n', lineEnd)).join('');
  const list = isSeq(tree.contents) ? tree.contents : undefined;
  const after =
    list === undefined || list.flow === true
      ? rewriteFlow(text, tree.contents?.range ?? undefined, entries, added, lineEnd)
      : spliceBlock(text, list, entries, added, lineEnd);
  const wanted = [...entries.filter(({ isKept }) => isKept).map(({ hold }) => hold), ...add];
  const said = readHoldDocument(file, after).entries.map(({ hold }) => hold);
  if (isDeepStrictEqual(said, wanted)) return after;
  throw new Refusal(`${file}: its holds cannot be edited in place; write each value on one line, in quotes`);
}

/** Cuts entries out of a list that is written with dashes, and puts the new ones behind the last that stays. */
function spliceBlock(text: string, list: YAMLSeq, entries: readonly Entry[], added: string, lineEnd: string): string {
  const places = locateEntries(text, list, entries);
  const last = places.findLast(({ isKept }) => isKept);
  const at = last?.end ?? places[0]?.start ?? text.length;
  const indented = added.replace(/^(?=.)/gm, ' '.repeat(places[0]?.indent ?? 0));
  const put = last === undefined && added === '' ? `[]${lineEnd}` : indented;
  const isOpen = put !== '' && at > 0 && text[at - 1] !== '\n';
  const cuts = places.flatMap(({ isKept, start, end }): Splice[] => (isKept ? [] : [{ start, end, text: '' }]));
  return applySplices(text, [...cuts, { start: at, end: at, text: isOpen ? lineEnd + put : put }]);
}

/** An entry in the text, with the comments that are about it. */
interface Place {
  readonly isKept: boolean;
  readonly start: number;
  readonly end: number;
  /** Column of its dash. */
  readonly indent: number;
}

function locateEntries(text: string, list: YAMLSeq, entries: readonly Entry[]): Place[] {
  const dashes = readDashes(list);
  let before = 0;
  return entries.map(({ node, isKept }, index) => {
    const dash = dashes[index];
    if (dash === undefined) throw new Error('an entry of the parsed list has no dash');
    const { offset, indent } = dash;
    const line = lineStart(text, offset);
    const above = index === 0 ? skipHead(text, line) : skipAbove(text, line);
    const start = Math.max(above, before); // blank lines above belong to the entry before where it ends in |+
    before = skipBelow(text, nextLine(text, endOf(node)), indent);
    return { isKept, start, end: before, indent };
  });
}

/** The dash of each entry: its offset in the text and its column. */
function readDashes(list: YAMLSeq): { readonly offset: number; readonly indent: number }[] {
  const token = list.srcToken as CST.BlockSequence | CST.FlowCollection | undefined; // the list was parsed with its tokens
  if (token?.type !== 'block-seq') return [];
  return token.items.flatMap(({ start }) =>
    start.flatMap((part) => (part.type === 'seq-item-ind' ? [{ offset: part.offset, indent: token.indent }] : [])),
  );
}

/** Where the text of an entry ends: every value is one scalar, so the last one's end is the entry's. */
function endOf(node: YAMLMap): number {
  const last = node.flow === true ? node : node.items.at(-1)?.value;
  const range = (last as YAMLMap | undefined)?.range;
  if (range === undefined || range === null) throw new Error('an entry of the parsed list has no range');
  return range[1];
}

/** The comment lines directly above an entry are about it, and the blank lines above them part it from the entry before. */
function skipAbove(text: string, start: number): number {
  return skipBack(text, skipBack(text, start, /^[ \t]*#/), /^[ \t]*\r?$/);
}

/** Above the first entry, only comments below a blank line or below the line for editors are about it. */
function skipHead(text: string, start: number): number {
  const from = skipBack(text, start, /^[ \t]*#(?! yaml-language-server:)/);
  const above = text.slice(lineStart(text, from - 1), from);
  return from > 0 && (above.trim() === '' || above.includes('# yaml-language-server:')) ? from : start;
}

function skipBack(text: string, start: number, pattern: RegExp): number {
  let from = start;
  while (from > 0) {
    const line = lineStart(text, from - 1);
    if (!pattern.test(text.slice(line, from - 1))) break;
    from = line;
  }
  return from;
}

/** Comment lines that are indented more than the dash end the entry. */
function skipBelow(text: string, end: number, indent: number): number {
  let to = end;
  for (;;) {
    const line = text.slice(to, nextLine(text, to));
    if (!line.trimStart().startsWith('#') || line.search(/\S/) <= indent) return to;
    to += line.length;
  }
}

/**
 * Returns a list that is written with brackets, or is not there, as one that is written with dashes: the entries as
 * they are written, indented, with the comments between them.
 */
function rewriteFlow(
  text: string,
  range: readonly [number, number, number] | undefined,
  entries: readonly Entry[],
  added: string,
  lineEnd: string,
): string {
  const isWritten = range !== undefined && range[0] < range[1];
  const documentEnd = text.search(/^\.\.\.[ \t\r]*$/m);
  const nowhere = documentEnd < 0 ? text.length : documentEnd;
  const [start, end] = isWritten ? range : [nowhere, nowhere];
  const parts: string[] = [];
  let from = start;
  for (const { node, isKept } of entries) {
    const [first = 0, last = 0] = node.range ?? [];
    parts.push(...readComments(text.slice(from, first), lineEnd));
    if (isKept) parts.push(`- ${text.slice(first, last).replace(/\n(?=.)/g, '\n  ')}${lineEnd}`);
    from = last;
  }
  parts.push(...readComments(text.slice(from, end), lineEnd), added);
  const isEmpty = added === '' && !entries.some(({ isKept }) => isKept);
  const head = text.slice(0, start).replace(/[ \t]+$/, '');
  const gap = head === '' || head.endsWith('\n') ? '' : lineEnd;
  const rest = text.slice(end).replace(/^[ \t]*(?:\r?\n)?/, '');
  return `${head}${gap}${parts.join('')}${isEmpty ? `[]${lineEnd}` : ''}${rest}`;
}

/** The comments of what lies between two entries in brackets, a line each. */
function readComments(between: string, lineEnd: string): string[] {
  return (between.match(/#[^\r\n]*/g) ?? []).map((comment) => comment + lineEnd);
}

function lineStart(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line behind the one of `offset` begins; a value that ends with its line break ends its line. */
function nextLine(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}
