import { evaluate, isTrue, type Value } from '#lab/github/runner/expression.ts';
import type { JobResult } from '#lab/github/runner/job-file.ts';
import type { WorkflowJob } from '#lab/github/runner/workflow.ts';

/** What a job's `if` may speak of, besides what it needs. */
export interface Circumstances {
  /** `github`, `inputs`, `vars`. */
  readonly values?: Readonly<Record<string, Value>>;
  /** The run was cancelled. */
  readonly isCancelled?: boolean;
}

const STATUS = /\b(?:success|failure|always|cancelled)\s*\(/;

/** Returns whether a job runs, by its `if` and what became of those that it needs, and of those that they needed. */
export function shouldRun(
  job: WorkflowJob,
  needs: ReadonlyMap<string, JobResult>,
  { values = {}, isCancelled = false }: Circumstances = {},
): boolean {
  const own = [...needs.values()].map(({ result }) => result);
  const all = [...own, ...[...needs.values()].flatMap(({ earlier = [] }) => earlier)];
  const condition = conditionOf(job);
  const functions = {
    // one that was skipped counts as well, however far away: https://github.com/actions/runner/issues/2205
    success: () => !isCancelled && all.every((result) => result === 'success'),
    failure: () => !isCancelled && all.includes('failure'),
    always: () => true,
    cancelled: () => isCancelled || own.includes('cancelled'),
  };
  const whole = STATUS.test(condition) ? condition : `success() && (${condition})`;
  return isTrue(evaluate(whole, { values: { ...values, needs: describeNeeds(needs) }, functions }));
}

/** Returns the `needs` context. */
export function describeNeeds(needs: ReadonlyMap<string, JobResult>): Record<string, Value> {
  return Object.fromEntries([...needs].map(([id, { result, outputs }]) => [id, { result, outputs }]));
}

function conditionOf(job: WorkflowJob): string {
  return String(job.if ?? 'success()')
    .trim()
    .replace(/^\$\{\{([\s\S]*)\}\}$/, '$1')
    .trim();
}
