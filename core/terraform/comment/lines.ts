import type { Path } from '#core/terraform/plan/classify.ts';
import { type Difference, isUnknown } from '#core/terraform/plan/diff.ts';
import { findGaps, type Gap } from '#core/terraform/plan/sequence.ts';
import { Sensitive } from '#core/terraform/plan/view.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { showCount } from '#core/values/markdown.ts';
import { showLine, showLines, showPair, showPath, showValue } from './values.ts';

/** Lines of a text that are shown, and the unchanged ones around a change. */
const MOST_LINES = 40;
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
    ...forcing.flatMap((one) => markForcing(renderOne(one, scrub))),
    ...rest.flatMap((one) => renderOne(one, scrub)),
    ...(unknown.length === 0 ? [] : [`+ ${unknown.join(', ')} = (known after apply)`]),
  ];
}

function startsWith(path: Path, start: Path): boolean {
  return start.length > 0 && start.every((step, at) => step === path[at]);
}

function markForcing(lines: readonly string[]): string[] {
  return lines.map((line, at) => (at === lines.length - 1 ? `${line}  # forces replacement` : line));
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

/** Returns a text that changes as lines: how many go and come, then those around each change. */
export function renderText(name: string, before: string, after: string, scrub: Scrub): string[] {
  const [was, is] = [before, after].map((text) => (text === '' ? [] : scrub(text).split('\n')));
  const [old, now] = [was ?? [], is ?? []];
  const gaps = findGaps(old, now);
  if (gaps.length === 0) return [`! ${name}: a sensitive part of it changes`];
  const [gone, come] = [sum(gaps, ({ from, to }) => to - from), sum(gaps, ({ start, end }) => end - start)];
  const lines = renderHunks(gaps, old, now);
  const hidden = lines.length - MOST_LINES;
  return [
    `  ${name}: ${describeLines(gone, come, old.length)}`,
    ...lines.slice(0, MOST_LINES),
    ...(hidden > 0 ? [`  … ${showCount(hidden)} more lines of ${name}`] : []),
  ];
}

function describeLines(gone: number, come: number, before: number): string {
  if (before === 0) return `${showCount(come)} lines`;
  if (gone === before && come === 0) return `${showCount(gone)} lines`;
  return `${showCount(gone)} of ${showCount(before)} lines out, ${showCount(come)} in`;
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

function renderGap({ from, to, start, end }: Gap, old: readonly string[], now: readonly string[]): string[] {
  const [gone, come] = [old.slice(from, to), now.slice(start, end)];
  const pairs = gone.length === come.length ? gone.map((line, at) => showLines(line, come[at] ?? '')) : undefined;
  const [before, after] = [
    pairs?.map(([line]) => line) ?? gone.map(showLine),
    pairs?.map(([, line]) => line) ?? come.map(showLine),
  ];
  return [...before.map((line) => `-     ${line}`), ...after.map((line) => `+     ${line}`)];
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
