import type { Path } from '#core/terraform/plan/classify.ts';
import { isUnknown } from '#core/terraform/plan/diff.ts';
import { Sensitive, type View } from '#core/terraform/plan/view.ts';
import { HIDDEN, type Scrub } from '#core/terraform/secrets.ts';
import { showCount, showInvisible } from '#core/values/markdown.ts';

/** Characters of a value, or of a line of one, that are shown. */
const LONGEST = 240;
/** Characters before and after a change in a long line. */
const CONTEXT = 30;

/** Returns a leaf as the comment shows it; of a text that is too long the start, and how long it is. */
export function showValue(value: View, scrub: Scrub): string {
  if (isUnknown(value)) return value instanceof Sensitive ? '(sensitive, known after apply)' : '(known after apply)';
  if (value instanceof Sensitive) return HIDDEN;
  if (typeof value === 'string') return quote(clip(scrub(value)));
  if (typeof value !== 'object' || value === null) return scrub(String(value));
  const size = Object.keys(value).length;
  if (Array.isArray(value)) return size === 0 ? '[]' : `[… ${showCount(size)}]`;
  return size === 0 ? '{}' : `{… ${showCount(size)}}`;
}

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

function quote(text: string): string {
  return showInvisible(JSON.stringify(text));
}

function clip(text: string): string {
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

/** Returns a path as Terraform writes it: `tags.owner`, `ingress[0]["a b"]`. Keys may hold secrets, an attribute's name does not. */
export function showPath(path: Path, scrub: Scrub): string {
  const steps = path.map((step, depth) => {
    if (typeof step === 'number') return `[${step}]`;
    const key = depth === 0 ? step : scrub(step);
    if (!/^[A-Za-z_][\w-]*$/.test(key)) return `[${quote(clip(key))}]`;
    return depth === 0 ? key : `.${key}`;
  });
  return steps.join('');
}

/** Returns an address as it is shown: its names are in the code for all to read, its keys are values. */
export function showAddress(address: string, scrub: Scrub): string {
  const shown = address.replace(/\["[\s\S]*?"\](?=\.|\[|$)/g, (key) => scrub(key));
  return shown.length > 400 ? `${shown.slice(0, 200)}…${shown.slice(-150)}` : shown;
}
