import { codeBlock, inlineCode, showCount, showInvisible } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import { countWord, type SectionKind, WORDS } from './words.ts';

/** One resource, output, check, object or image: a line that is always true by itself, and what can be folded under it. */
export interface Entry {
  /** What is counted where there are too many to list, such as `aws_sqs_queue`. */
  readonly type: string;
  /** HTML of one line. */
  readonly head: () => string;
  /** Lines of a block of type `diff`; empty where the head says all. */
  readonly body: () => readonly string[];
}

/** The entries of one kind in one stack. */
export interface Section {
  readonly kind: SectionKind;
  readonly entries: readonly Entry[];
}

/** What one stack or environment changes; where there are several, under a fold of its own. */
export interface StackPart {
  /** Markdown of a heading above it, unless the part before it has the same one. */
  readonly heading?: string;
  /** HTML of the fold's summary; undefined where the comment has one stack only. */
  readonly summary: string | undefined;
  readonly isOpen: boolean;
  readonly sections: readonly Section[];
}

/** What is to be shown, before it is known how much of it fits. */
export interface Page {
  /** Markdown above the stacks, the verdict first. */
  readonly top: readonly string[];
  readonly stacks: readonly StackPart[];
  /** Where the rest is, as the end of a sentence, such as `see the job summary`. */
  readonly rest: string;
}

/** How much of a page is shown. */
export interface Choice {
  /** How many of a section's entries are listed, the first ones; a section that is not in it is only counted. */
  readonly listed: ReadonlyMap<Section, number>;
  /** The bytes for what is folded under an entry; an entry that is not in it has a line only. */
  readonly folded: ReadonlyMap<Entry, number>;
}

/** Returns the Markdown of a page. */
export function composePage({ top, stacks, rest }: Page, choice: Choice): string {
  const parts = stacks.filter(({ sections }) => sections.some((section) => choice.listed.has(section)));
  const blocks = parts.flatMap((part, at) => [
    ...(part.heading === undefined || part.heading === parts[at - 1]?.heading ? [] : [part.heading]),
    ...composeStack(part, choice, rest),
  ]);
  return `${[...top, ...blocks, ...describeHidden(stacks, choice, rest)].join('\n\n')}\n`;
}

function composeStack({ summary, isOpen, sections }: StackPart, choice: Choice, rest: string): string[] {
  const blocks = sections.flatMap((section) => composeSection(section, choice, rest));
  return summary === undefined ? blocks : [openFold(summary, isOpen), ...blocks, CLOSE];
}

/** What is wrong is seen without a click. */
const LOUD: ReadonlySet<SectionKind> = new Set(['error', 'check', 'image-error']);

/** The end of a fold. */
export const CLOSE = '</details>';

/** Returns the start of a fold; the summary is HTML of one line. */
export function openFold(summary: string, isOpen = false): string {
  return `<details${isOpen ? ' open' : ''}><summary>${summary}</summary>`;
}

function composeSection(section: Section, { listed, folded }: Choice, rest: string): string[] {
  const count = listed.get(section);
  if (count === undefined) return [];
  const blocks = [headSection(section)];
  let items: string[] = [];
  const flush = (): void => {
    if (items.length > 0) blocks.push(['<ul>', ...items, '</ul>'].join('\n'));
    items = [];
  };
  for (const entry of section.entries.slice(0, count)) {
    const body = cutLines(entry.body(), folded.get(entry) ?? 0);
    if (body.length === 0) items.push(composeItem(entry));
    else {
      flush();
      blocks.push(composeFold(entry, body, LOUD.has(section.kind)));
    }
  }
  flush();
  return count === section.entries.length ? blocks : [...blocks, describeRest(section, count, rest)];
}

/** Returns the heading of a section with the number of all its entries. */
export function headSection({ kind, entries }: Section): string {
  return `#### ${WORDS[kind].title}: ${showCount(entries.length)}`;
}

/** Returns an entry as a line without a fold. */
export function composeItem(entry: Entry): string {
  return `<li>${entry.head()}</li>`;
}

/** Returns an entry as a fold over lines of a diff. */
export function composeFold(entry: Entry, body: readonly string[], isOpen = false): string {
  return [openFold(entry.head(), isOpen), codeBlock(body, 'diff'), CLOSE].join('\n\n');
}

/** Bytes of the line that counts what is cut, and of a piece of a line that still says something. */
const COUNTING = 32;
const PIECE = 40;

/** Returns lines in at most as many bytes: the last one may be a piece of one, and those that are left out are counted. */
function cutLines(lines: readonly string[], bytes: number): readonly string[] {
  if (countBytes(lines) <= bytes) return lines;
  let left = bytes - COUNTING;
  const kept: string[] = [];
  for (const line of lines) {
    const size = Buffer.byteLength(line) + 1;
    if (size > left) {
      if (left >= PIECE) kept.push(`${cutText(line, left - 4)}…`);
      break;
    }
    kept.push(line);
    left -= size;
  }
  const more = lines.length - kept.length;
  if (kept.length === 0 || more === 0) return kept;
  return [...kept, `… ${showCount(more)} more ${more === 1 ? 'line' : 'lines'}`];
}

/** Returns the start of a text in at most as many bytes, without half a character. */
function cutText(text: string, bytes: number): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });
}

/** Returns the size of lines with their ends, in bytes of UTF-8. */
export function countBytes(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

const MOST_TYPES = 8;

/** Returns a sentence that counts a section's entries behind the listed ones, by their type. */
export function describeRest({ kind, entries }: Section, listed: number, rest: string): string {
  const counts = new Map<string, number>();
  for (const { type } of entries.slice(listed)) counts.set(type, (counts.get(type) ?? 0) + 1);
  const types = [...counts].sort(([, a], [, b]) => b - a);
  const more = types.length - MOST_TYPES;
  const shown = types
    .slice(0, MOST_TYPES)
    .map(([type, count]) => `${showCount(count)} ${inlineCode(showInvisible(type.slice(0, 80)))}`);
  const list = joinWords([...shown, ...(more > 0 ? [`${showCount(more)} more types`] : [])]);
  const count = entries.length - listed;
  const what = `${showCount(count)} ${listed > 0 ? 'more ' : ''}${count === 1 ? WORDS[kind].one : WORDS[kind].many}`;
  return `${what} (${list}): ${rest}.`;
}

function describeHidden(stacks: readonly StackPart[], { listed, folded }: Choice, rest: string): string[] {
  const sections = stacks.flatMap((stack) => stack.sections);
  const counts = new Map<SectionKind, number>();
  for (const { kind, entries } of sections.filter((section) => !listed.has(section)))
    counts.set(kind, (counts.get(kind) ?? 0) + entries.length);
  const hidden = joinWords([...counts].map(([kind, count]) => countWord(kind, count)));
  const shown = [...listed].flatMap(([{ entries }, count]) => entries.slice(0, count));
  const isCut = shown.some((entry) => countBytes(entry.body()) > (folded.get(entry) ?? 0));
  return [
    ...(hidden === '' ? [] : [`Not listed: ${hidden}: ${rest}.`]),
    ...(isCut ? [`Some details are left out: ${rest}.`] : []),
  ];
}
