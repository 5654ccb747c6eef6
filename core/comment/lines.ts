import type { Scrub } from '#core/terraform/secrets.ts';
import { showCount } from '#core/values/markdown.ts';
import { findGaps, type Gap } from '#core/values/sequence.ts';
import { showLine, showLines } from './show.ts';

/** Lines of one change of a text, and of the whole text, that are shown; the unchanged ones around a change. */
const MOST_LINES = 40;
const MOST_SHOWN = 50;
const CONTEXT = 2;

/** Returns a text that changes as lines: how many go and come, then those around each change. */
export function renderText(name: string, before: string, after: string, scrub: Scrub): string[] {
  const [old, now] = splitLines(scrub(before), scrub(after));
  const gaps = findGaps(old, now);
  if (gaps.length === 0) return [`! ${name}: a sensitive part of it changes`];
  const [gone, come] = [sum(gaps, ({ from, to }) => to - from), sum(gaps, ({ start, end }) => end - start)];
  const lines = renderHunks(gaps, old, now);
  const hidden = lines.length - MOST_SHOWN;
  return [
    `  ${name}: ${describeLines(gone, come, old.length)}`,
    ...lines.slice(0, MOST_SHOWN),
    ...(hidden > 0 ? [`  … ${showCount(hidden)} more lines of ${name}`] : []),
  ];
}

/** Returns the lines of two texts, without the empty one at the end that both have. */
function splitLines(before: string, after: string): [string[], string[]] {
  const isSame = [before, after].every((text) => text === '' || text.endsWith('\n'));
  const split = (text: string): string[] => (text === '' ? [] : (isSame ? text.slice(0, -1) : text).split('\n'));
  return [split(before), split(after)];
}

function describeLines(gone: number, come: number, before: number): string {
  const count = (size: number): string => `${showCount(size)} ${size === 1 ? 'line' : 'lines'}`;
  if (before === 0) return count(come);
  if (gone === before && come === 0) return count(gone);
  return `${showCount(gone)} of ${count(before)} out, ${showCount(come)} in`;
}

function renderHunks(gaps: readonly Gap[], old: readonly string[], now: readonly string[]): string[] {
  const lines: string[] = [];
  let shown = 0; // up to where the old text is shown
  for (const [at, gap] of gaps.entries()) {
    const first = Math.max(shown, gap.from - CONTEXT);
    if (first > shown) lines.push('  …');
    lines.push(...old.slice(first, gap.from).map((line) => `      ${showLine(line)}`), ...renderGap(gap, old, now));
    const next = gaps[at + 1]?.from ?? old.length;
    shown = Math.min(next, gap.to + CONTEXT);
    lines.push(...old.slice(gap.to, shown).map((line) => `      ${showLine(line)}`));
  }
  return lines;
}

/** Shows both sides of a gap, also where one of them alone would fill the room. */
function renderGap({ from, to, start, end }: Gap, old: readonly string[], now: readonly string[]): string[] {
  const [gone, come] = [old.slice(from, to), now.slice(start, end)];
  const isPaired = gone.length === come.length;
  const mark = (sign: string, side: readonly string[], show: (line: string, at: number) => string): string[] => {
    const most = isPaired || (gone.length > 0 && come.length > 0) ? MOST_LINES / 2 : MOST_LINES;
    const more = side.length - most;
    const shown = side.slice(0, most).map((line, at) => `${sign}     ${show(line, at)}`);
    return more > 0 ? [...shown, `${sign}     … ${showCount(more)} more`] : shown;
  };
  return isPaired
    ? [
        ...mark('-', gone, (line, at) => showLines(line, come[at] ?? '')[0]),
        ...mark('+', come, (line, at) => showLines(gone[at] ?? '', line)[1]),
      ]
    : [...mark('-', gone, showLine), ...mark('+', come, showLine)];
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
