import type { WrittenConfig } from '#core/config/config.ts';
import type { PlacedFault } from '#core/config/meaning.ts';
import { quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

type WrittenStacks = NonNullable<WrittenConfig['terraform']>['stacks'];

/** Returns for each stack those that must be applied before it: what its `after` says, and without one the stack above it. */
export function readStackOrder(stacks: WrittenStacks): ReadonlyMap<string, readonly string[]> {
  const names = Object.keys(stacks);
  return new Map(Object.entries(stacks).map(([name, { after }], at) => [name, after ?? names.slice(0, at).slice(-1)]));
}

/** Returns what is wrong with the order: a name that is not a stack or is there twice, a stack that waits for itself. */
export function checkStackOrder(stacks: WrittenStacks): PlacedFault[] {
  const order = readStackOrder(stacks);
  return Object.entries(stacks).flatMap(([name, { after = [] }]) =>
    after.flatMap((before, index): PlacedFault[] => {
      const sentence =
        checkName(before, name, after.slice(0, index), [...order.keys()]) ?? checkCircle(before, name, stacks, order);
      if (sentence === undefined) return [];
      return [
        { path: ['terraform', 'stacks', name, 'after', String(index)], sentence: `${quote(before)} ${sentence}` },
      ];
    }),
  );
}

function checkName(
  before: string,
  name: string,
  earlier: readonly string[],
  names: readonly string[],
): string | undefined {
  if (!names.includes(before)) return `is not a stack${suggestName(before, names)}`;
  if (before === name) return 'is the stack itself: take it out';
  return earlier.includes(before) ? 'is there twice: keep one' : undefined;
}

function checkCircle(
  before: string,
  name: string,
  stacks: WrittenStacks,
  order: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const way = findWay(before, name, order);
  if (way === undefined) return undefined;
  const circle = [name, ...way].join(' after ');
  const silent = way.find((one) => one !== name && stacks[one]?.after === undefined);
  const remedy =
    silent === undefined
      ? 'take one of them out'
      : `${silent} has no after, so it stands after the stack above it: give it after: [], or take one out`;
  return `leads back to ${name} (${circle}): ${remedy}`;
}

/** Returns the stacks from one to another that must be applied before it, both among them; undefined where there is no way. */
function findWay(from: string, to: string, order: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const ways = new Map([[from, [from]]]);
  for (const [name, way] of ways) {
    if (name === to) return way;
    for (const next of order.get(name) ?? []) if (!ways.has(next)) ways.set(next, [...way, next]); // grows while it is read
  }
  return undefined;
}
