import { z } from 'zod';
import { type Contexts, evaluate, type Value } from '#lab/github/runner/expression.ts';

/** One combination of a matrix. */
export type Combination = Readonly<Record<string, Value>>;

/** A matrix with its expressions filled in. */
export interface Matrix {
  readonly combinations: readonly Combination[];
  /** True where a failure cancels the others: GitHub's default. */
  readonly isFailFast: boolean;
  readonly maxParallel: number;
}

const value: z.ZodType<Value> = z.json();
const combination = z.record(z.string(), value);
const written = z.record(z.string(), z.unknown());

/**
 * Returns the combinations of a job's `strategy`; throws in GitHub's words where a list is empty.
 * https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
 */
export function expandMatrix(strategy: Readonly<Record<string, unknown>>, contexts: Contexts): Matrix {
  const { include = [], exclude = [], ...lists } = written.parse(fill(strategy['matrix'], contexts));
  const vectors = Object.entries(lists).map(([name, list]) => {
    const values = z.array(value).parse(list);
    if (values.length === 0) throw new Error(`Matrix vector '${name}' does not contain any values`);
    return [name, values] as const;
  });
  const excluded = z.array(combination).parse(exclude);
  const all = cross(vectors).filter((one) => !excluded.some((part) => holds(one, part)));
  const names = vectors.map(([name]) => name);
  const combinations = addIncluded(vectors.length === 0 ? [] : all, z.array(combination).parse(include), names);
  if (combinations.length === 0) throw new Error('Matrix must define at least one vector');
  return {
    combinations,
    isFailFast: fill(strategy['fail-fast'], contexts) !== false,
    maxParallel: Number(fill(strategy['max-parallel'], contexts) ?? combinations.length),
  };
}

/** Returns what GitHub shows for a job of a matrix: `plan (aws)`. */
export function nameCombination(name: string, one: Combination): string {
  return `${name} (${Object.values(one).flatMap(listLeaves).join(', ')})`;
}

function listLeaves(part: Value): string[] {
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(listLeaves) : [String(part ?? '')];
}

function fill(part: unknown, contexts: Contexts): unknown {
  if (typeof part === 'string') {
    const [, expression] = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(part) ?? [];
    return expression === undefined ? part : evaluate(expression, contexts);
  }
  if (Array.isArray(part)) return part.map((item) => fill(item, contexts));
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, fill(item, contexts)]));
}

function cross(vectors: readonly (readonly [string, readonly Value[]])[]): Combination[] {
  return vectors.reduce<Combination[]>(
    (combinations, [name, values]) => combinations.flatMap((one) => values.map((item) => ({ ...one, [name]: item }))),
    [{}],
  );
}

function holds(one: Combination, part: Combination): boolean {
  return Object.entries(part).every(([name, item]) => JSON.stringify(one[name]) === JSON.stringify(item));
}

/** An entry adds to each combination whose lists it does not contradict; where there is none, it is one of its own. */
function addIncluded(
  combinations: readonly Combination[],
  entries: readonly Combination[],
  names: readonly string[],
): Combination[] {
  const extended = combinations.map((one) => ({ ...one }));
  const own: Combination[] = [];
  for (const entry of entries) {
    const fixed = Object.fromEntries(Object.entries(entry).filter(([name]) => names.includes(name)));
    const fitting = extended.filter((one) => holds(one, fixed));
    if (fitting.length === 0) own.push(entry);
    for (const one of fitting) Object.assign(one, entry);
  }
  return [...extended, ...own];
}
