import { SECTIONS, type SectionKind } from '#core/comment/words.ts';
import type { Kind, Plan } from '#core/terraform/plan/classify.ts';
import { showCount } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';

/** How many of each kind there are. */
export type Counts = Readonly<Record<SectionKind, number>>;

/** Returns how many of each kind a plan has; each resource counts once. */
export function countPlan(plan: Plan | undefined, errors: number): Counts {
  const counts = Object.fromEntries(SECTIONS.map((kind) => [kind, 0])) as Record<SectionKind, number>; // all of them
  for (const { kind } of plan?.changes ?? []) counts[kind]++;
  counts.error = errors;
  counts.check = plan?.failedChecks.length ?? 0;
  counts.action = plan?.actions.length ?? 0;
  counts.output = plan?.outputs.length ?? 0;
  counts.drift = plan?.drift.length ?? 0;
  counts.deferred = plan?.deferred.length ?? 0;
  return counts;
}

/**
 * Returns how much a plan does that drift alone does not explain: what it changes of resources that did not change outside
 * of Terraform. Outputs follow the resources, so they count only where nothing drifted.
 */
export function countUnapplied(plan: Plan | undefined): number {
  if (plan === undefined) return 0;
  const drifted = new Set(plan.drift.map(({ address }) => address));
  const changes = plan.changes.filter(({ kind, address }) => kind !== 'read' && !drifted.has(address));
  return changes.length + plan.actions.length + (drifted.size === 0 ? plan.outputs.length : 0);
}

/** Returns the sums of counts. */
export function addCounts(all: readonly Counts[]): Counts {
  const sums = SECTIONS.map((kind) => [kind, all.reduce((sum, counts) => sum + counts[kind], 0)]);
  return Object.fromEntries(sums);
}

const VERBS: Readonly<Record<Kind | 'action' | 'output', (count: string) => string>> = {
  unknown: (count) => `does something unknown to ${count}`,
  destroy: (count) => `destroys ${count}`,
  replace: (count) => `replaces ${count}`,
  forget: (count) => `forgets ${count}`,
  update: (count) => `updates ${count}`,
  action: (count) => `runs ${count} action`,
  create: (count) => `creates ${count}`,
  move: (count) => `moves ${count}`,
  import: (count) => `imports ${count}`,
  output: (count) => `changes ${count} output`,
  read: (count) => `reads ${count}`,
};
const ACTIVE = [
  'unknown',
  'destroy',
  'replace',
  'forget',
  'update',
  'action',
  'create',
  'move',
  'import',
  'output',
] as const;

/** True where applying a plan does anything, a move, an import or an output included. */
export function changesAnything(counts: Counts): boolean {
  return ACTIVE.some((kind) => counts[kind] > 0);
}

/** What a plan does that does nothing. */
export const NOTHING = 'changes nothing';

/** Returns what a plan does, the riskiest first, such as `destroys 2, updates 1 and creates 12`. */
export function describeCounts(counts: Counts): string {
  const active = ACTIVE.filter((kind) => counts[kind] > 0);
  // reads alone change nothing, but the plan is not empty
  const kinds = active.length === 0 && counts.read > 0 ? (['read'] as const) : active;
  const phrases = kinds.map((kind) => {
    const phrase = VERBS[kind](showCount(counts[kind]));
    return (kind === 'output' || kind === 'action') && counts[kind] > 1 ? `${phrase}s` : phrase;
  });
  return phrases.length === 0 ? NOTHING : joinWords(phrases);
}
