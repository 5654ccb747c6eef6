import type { PlannedResource } from '#core/aws/cost/plan.ts';
import type { Part, Prices } from '#core/aws/cost/prices.ts';

/** A line of the bill: units and money of a month, at the lower and the upper end. */
export interface CostLine {
  readonly what: string;
  readonly unit: string;
  readonly price: number;
  readonly free: number;
  readonly low: { readonly units: number; readonly money: number };
  readonly high: { readonly units: number; readonly money: number };
  /** Where the usage comes from; undefined where the price table does not say. */
  readonly assumes: string | undefined;
}

/** What belongs together on the bill. */
export interface CostGroup {
  readonly name: string;
  readonly tenantSays: string;
  readonly pages: readonly string[];
  /** How many resources there are of each type. */
  readonly counts: readonly { readonly type: string; readonly count: number }[];
  readonly lines: readonly CostLine[];
  readonly low: number;
  readonly high: number;
}

/** The whole bill. */
export interface Estimate {
  readonly groups: readonly CostGroup[];
  readonly low: number;
  readonly high: number;
  /** Resources of types that the price table does not know: their cost is in no line. */
  readonly unknown: readonly PlannedResource[];
}

/** Multiplies what is planned with prices and usage; every resource is in a group or in `unknown`. */
export function estimateCost(resources: readonly PlannedResource[], prices: Prices): Estimate {
  const known = new Set(prices.groups.flatMap((group) => Object.keys(group.types)));
  const planned = prices.groups.map(({ types, ...group }) => {
    const counts = Object.keys(types).map((type) => ({
      type,
      count: resources.filter((resource) => resource.type === type).length,
    }));
    const lines = counts.flatMap(({ type, count }) =>
      count === 0 ? [] : (types[type] ?? []).map((part) => multiply(part, count)),
    );
    return { ...group, counts: counts.filter(({ count }) => count > 0), lines, ...sum(lines) };
  });
  const outside = prices.outside.map(({ parts, ...group }) => {
    const lines = parts.map((part) => multiply(part, 1));
    return { ...group, counts: [], lines, ...sum(lines) };
  });
  const groups = [...planned, ...outside];
  return {
    groups,
    low: groups.reduce((total, group) => total + group.low, 0),
    high: groups.reduce((total, group) => total + group.high, 0),
    unknown: resources.filter((resource) => !known.has(resource.type)),
  };
}

function multiply({ what, unit, price, free, low, high, assumes }: Part, count: number): CostLine {
  const end = (each: number) => ({ units: each * count, money: Math.max(each * count - free, 0) * price });
  return { what, unit, price, free, low: end(low), high: end(high), assumes };
}

function sum(lines: readonly CostLine[]): { low: number; high: number } {
  const total = (end: 'low' | 'high') => lines.reduce((all, line) => all + line[end].money, 0);
  return { low: total('low'), high: total('high') };
}
