/** Stacks, each with those that must be applied before it. */
export type StackOrder = ReadonlyMap<string, readonly string[]>;

/** Jobs of apply.yml that apply stacks, one after the other. */
const WAVES = 3;

/** What is applied, and when: the stacks of one wave at the same time, a wave after the one before it has ended. */
export interface Waves {
  readonly waves: readonly (readonly string[])[];
  /** How many of the last wave are applied at a time: one where the order is deeper than there are waves. */
  readonly lastAtATime: number;
}

/** Returns, of some stacks, which of them each must wait for; also where what lies between is not among them. */
export function keepOrder(stacks: readonly string[], order: StackOrder): StackOrder {
  return new Map(stacks.map((stack) => [stack, findBefore(stack, stacks, order)]));
}

function findBefore(stack: string, among: readonly string[], order: StackOrder): string[] {
  const found = new Set<string>();
  const looked = new Set(order.get(stack));
  for (const name of looked) {
    if (among.includes(name)) found.add(name);
    else for (const next of order.get(name) ?? []) looked.add(next); // grows while it is read
  }
  return among.filter((name) => found.has(name));
}

/**
 * Returns exactly {@link WAVES} waves, empty ones at the end. What lies deeper than these is in the last one, in order,
 * and is applied one at a time; refuses nothing, for an order may be as deep as a list is long.
 */
export function sortWaves(order: StackOrder): Waves {
  const depths = new Map<string, number>();
  const depthOf = (stack: string): number => {
    const known = depths.get(stack) ?? 1 + Math.max(-1, ...(order.get(stack) ?? []).map(depthOf));
    depths.set(stack, known);
    return known;
  };
  const stacks = [...order.keys()].sort((one, other) => depthOf(one) - depthOf(other));
  const waves = Array.from({ length: WAVES }, (_none, wave) =>
    stacks.filter((stack) => Math.min(depthOf(stack), WAVES - 1) === wave),
  );
  const isDeep = stacks.some((stack) => depthOf(stack) >= WAVES);
  return { waves, lastAtATime: isDeep ? 1 : Math.max(waves[WAVES - 1]?.length ?? 0, 1) };
}
