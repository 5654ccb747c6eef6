import { renderText } from '#core/comment/lines.ts';
import { showPair } from '#core/comment/show.ts';
import type { Path } from '#core/terraform/plan/classify.ts';
import { type Difference, isUnknown } from '#core/terraform/plan/diff.ts';
import { Sensitive } from '#core/terraform/plan/view.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { showPath, showValue } from './values.ts';

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
