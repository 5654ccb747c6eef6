import { showCount, showInvisible } from '#core/values/markdown.ts';

/** Characters of a value, or of a line of one, that are shown. */
const LONGEST = 240;
/** Characters before and after a change in a long line. */
const CONTEXT = 30;

/** Returns two texts in quotes; where they are long, the part in which they differ. */
export function showPair(before: string, after: string): [string, string] {
  const [from, to] = findWindow(before, after);
  return [quote(cutOut(before, from, to)), quote(cutOut(after, from, to))];
}

/** Returns two lines of a text; where they are long, the part in which they differ. */
export function showLines(before: string, after: string): [string, string] {
  const [from, to] = findWindow(before, after);
  return [showLine(cutOut(before, from, to)), showLine(cutOut(after, from, to))];
}

/** Returns a line of a text; a tab stays one. */
export function showLine(line: string): string {
  return clip(line).split('\t').map(showInvisible).join('\t');
}

/** Returns a text in quotes, as JSON writes it. */
export function quote(text: string): string {
  return showInvisible(JSON.stringify(text));
}

/** Returns a text, of one that is too long the start and its length. */
export function clip(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST - 40)}… (${showCount(text.length)} characters)`;
}

/** Returns the characters at both ends that are left out because they are the same: `[from start, from end]`. */
function findWindow(before: string, after: string): [number, number] {
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shortest - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return [Math.max(0, head - CONTEXT), Math.max(0, tail - CONTEXT)];
}

function cutOut(text: string, from: number, to: number): string {
  if (text.length <= LONGEST) return text;
  const shown = text.slice(from, text.length - to);
  return `${from > 0 ? '…' : ''}${clip(shown)}${to > 0 ? '…' : ''}`;
}
