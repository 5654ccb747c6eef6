import type { Path } from '#core/terraform/plan/classify.ts';
import { type Difference, isUnknown } from '#core/terraform/plan/diff.ts';
import { findGaps, type Gap } from '#core/terraform/plan/sequence.ts';
import { Sensitive } from '#core/terraform/plan/view.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { showCount } from '#core/values/markdown.ts';
import { showLine, showLines, showPair, showPath, showValue } from './values.ts';

/** Lines of one change of a text, and of the whole text, that are shown; the unchanged ones around a change. */
const MOST_LINES = 40;
const MOST_SHOWN = 50;
const CONTEXT = 2;

/**
 * Returns differences as lines of a block of type `diff`: what forces a replacement first, what only apply will know last.
 * Nothing in them is a secret, and each value takes at most some 40 lines.
 */
export function renderDifferences(
  differences: readonly Difference[],
  scrub: Scrub,
  forcedBy: readonly Path[] = [],
): string[] {
  const isForcing = ({ path }: Difference): boolean => forcedBy.some((forcing) => startsWith(path, forcing));
  const isNewUnknown = (one: Difference): boolean =>
    one.kind === 'value' && one.before === undefined && isUnknown(one.after) && !(one.after instanceof Sensitive);
  const known = differences.filter((one) => !isNewUnknown(one));
  const [forcing, rest] = [known.filter(isForcing), known.filter((one) => !isForcing(one))];
  const unknown = differences.filter(isNewUnknown).map(({ path }) => showPath(path, scrub));
  return [
    ...forcing.flatMap((one) => markForcing(renderOne(one, scrub), one)),
    ...rest.flatMap((one) => renderOne(one, scrub)),
    ...(unknown.length === 0 ? [] : [`+ ${unknown.join(', ')} = (known after apply)`]),
  ];
}

function startsWith(path: Path, start: Path): boolean {
  return start.length > 0 && start.every((step, at) => step === path[at]);
}

/** The mark is behind the new value; of a text, which may have any line, it is above. */
function markForcing(lines: readonly string[], { kind }: Difference): string[] {
  const marked = kind === 'text' ? 0 : lines.length - 1;
  return lines.map((line, at) => (at === marked ? `${line}  # forces replacement` : line));
}

function renderOne(difference: Difference, scrub: Scrub): string[] {
  const name = showPath(difference.path, scrub);
  if (difference.kind === 'spelling') return [`! ${name}: the same JSON, written differently`];
  if (difference.kind === 'text') return renderText(name, difference.before, difference.after, scrub);
  const { before, after } = difference;
  if (before === undefined) return after === undefined ? [] : [`+ ${name} = ${showValue(after, scrub)}`];
  if (after === undefined) return [`- ${name} = ${showValue(before, scrub)}`];
  const [was, is] =
    typeof before === 'string' && typeof after === 'string'
      ? showPair(scrub(before), scrub(after))
      : [showValue(before, scrub), showValue(after, scrub)];
  if (was === is)
    return [`! ${name} = ${is}: ${before instanceof Sensitive ? 'it' : 'a sensitive part of it'} changes`];
  return [`- ${name} = ${was}`, `+ ${name} = ${is}`];
}

function renderText(name: string, before: string, after: string, scrub: Scrub): string[] {
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
