import { stripVTControlCharacters, styleText } from 'node:util';

/** Where people read: a terminal, or a file. */
export interface Terminal {
  /** Columns; lines are broken between words where they are longer. */
  readonly width: number;
  /** Writes lines; a status line stays below them. */
  say(text: string): void;
  /** Shows one line that the next one replaces; undefined where nothing can be replaced. */
  readonly status: ((line: string) => void) | undefined;
  /** Returns text in a style where the terminal has colours. */
  paint(text: string, style: Style): string;
  /** From now on only `say` of the returned terminal is heard: what ends the program. */
  takeOver(): Pick<Terminal, 'say'>;
}

type Style = Parameters<typeof styleText>[0];

/** What a terminal is made of: standard output, or a stream in its place in a test. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_WIDTH = 80;
const CLEAR_LINE = '\r\u001b[K';

/** Opens a terminal. It has colours and a status line where the stream is one that obeys; NO_COLOR takes the colours. */
export function openTerminal(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const obeys = stream.isTTY === true && env['TERM'] !== 'dumb';
  const isColoured = obeys && !env['NO_COLOR'];
  const width = (): number => stream.columns || DEFAULT_WIDTH;
  let isTaken = false;
  let shown = '';
  const write = (text: string): void => {
    const lines = text.split('\n').flatMap((line) => wrapLine(line, stream.isTTY === true ? width() : Infinity));
    // also what the terminal itself wrote there: ^C
    stream.write(`${obeys ? CLEAR_LINE : ''}${lines.join('\n')}\n${isTaken ? '' : shown}`);
    if (isTaken) shown = '';
  };
  const status = (line: string): void => {
    if (isTaken || line === shown) return;
    const cut = [...line].slice(0, width() - 1).join('');
    stream.write(`${CLEAR_LINE}${cut}`);
    shown = cut;
  };
  return {
    get width() {
      return width();
    },
    say: (text) => {
      if (!isTaken) write(text);
    },
    status: obeys ? status : undefined,
    paint: (text, style) => (isColoured ? styleText(style, text, { validateStream: false }) : text),
    takeOver: () => {
      isTaken = true;
      return { say: write };
    },
  };
}

/**
 * Returns a line as several that fit, broken between words, the later ones indented by four more. Words stay whole, and
 * the backslash by which a shell reads on stays at its line's end.
 */
export function wrapLine(line: string, width: number): string[] {
  if (measure(line) <= width) return [line];
  const indent = line.match(/^ */)?.[0] ?? '';
  const lines: string[] = [];
  for (const word of line.trim().split(/(?<=\S) (?=\S)(?!\\$)/)) {
    const last = lines.at(-1);
    if (last !== undefined && measure(last) + 1 + measure(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${lines.length === 0 ? '' : '    '}${word.trim()}`);
  }
  return lines;
}

/** Returns a command as lines that a shell reads as one, broken between words so that they fit where they can. */
export function wrapCommand(words: readonly string[], width: number, indent: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const isLastWord = word === words.at(-1);
    if (last !== undefined && last.length + 1 + word.length + (isLastWord ? 0 : 2) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${' '.repeat(lines.length === 0 ? indent : indent + 2)}${word}`);
  }
  return lines.map((line, at) => (at === lines.length - 1 ? line : `${line} \\`));
}

function measure(line: string): number {
  return [...stripVTControlCharacters(line)].length;
}
