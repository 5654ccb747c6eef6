import { styleText } from 'node:util';

/** Where text goes: a terminal of some width, with or without colours. */
export interface Page {
  /** Columns. */
  readonly width: number;
  readonly isColoured: boolean;
}

/** How a piece of text looks on a terminal with colours. */
export type Style = Parameters<typeof styleText>[0];

/** Returns text in a style, unchanged without colours. */
export function paint(text: string, style: Style, { isColoured }: Page): string {
  return isColoured ? styleText(style, text, { validateStream: false }) : text;
}

/** Returns text on one line without characters that a terminal obeys: a commit's subject may have any. */
export function plain(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, ' ').trim();
}

/** Returns lines without characters that a terminal obeys, but for tabs and ends of lines; they show as `�`. */
export function inert(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, '\u{FFFD}');
}

/** A column of a table; the text of the flexible one is cut where the line is too long. */
export interface Column {
  readonly title: string;
  readonly isFlexible?: true;
}

const GAP = 2;

/** Returns a table, one string a row, the titles first. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  page: Page,
  indent = 0,
): string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_column, at) => Math.max(...all.map((row) => measure(row[at] ?? ''))));
  const total = widths.reduce((sum, width) => sum + width, indent + GAP * (widths.length - 1));
  const flexible = columns.findIndex(({ isFlexible }) => isFlexible);
  if (flexible !== -1 && total > page.width) {
    widths[flexible] = Math.max(8, (widths[flexible] ?? 0) - (total - page.width));
  }
  const lines = all.map((row) => {
    const cells = widths.map((width, at) => fill(cut(row[at] ?? '', width), width));
    return `${' '.repeat(indent)}${cells.join(' '.repeat(GAP)).trimEnd()}`;
  });
  return lines.map((line, at) => (at === 0 ? paint(line, 'bold', page) : line));
}

/** Returns the sentence as lines behind an indent, broken between words. */
export function wrap(text: string, { width }: Page, indent: number): string[] {
  const lines: string[] = [];
  for (const word of plain(text).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && indent + measure(last) + 1 + measure(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, at) => `${' '.repeat(at === 0 ? indent : indent + 2)}${line}`);
}

/** How many columns text takes: two for what East Asia writes wide and for emoji, none for marks. */
function measure(text: string): number {
  let columns = 0;
  for (const char of text) {
    if (/\p{M}/u.test(char)) continue;
    columns += /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u.test(
      char,
    )
      ? 2
      : 1;
  }
  return columns;
}

function cut(text: string, width: number): string {
  if (measure(text) <= width) return text;
  let kept = '';
  for (const char of text) {
    if (measure(kept) + measure(char) > width - 1) break;
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}

function fill(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - measure(text)));
}

const UNITS = [
  ['y', 365 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** Returns how long ago a moment was in its largest unit that is whole, such as 3d; a moment to come is 0s ago. */
export function renderAge(since: Date, now: Date): string {
  const passed = now.getTime() - since.getTime();
  const [unit, size] = UNITS.find(([, one]) => passed >= one) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(passed / size))}${unit}`;
}

/** Returns the digits of a commit or a digest that people compare by eye; a dash where there is none. */
export function short(id: string | undefined): string {
  return id?.replace(/^sha256:/, '').slice(0, 7) ?? '-';
}
