import { createHash } from 'node:crypto';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { changesAnything } from '#core/terraform/comment/words.ts';
import { Refusal } from '#core/values/errors.ts';

/**
 * How a stack differs from its code: `drift` was changed outside of Terraform, `code` is not applied yet, `both` is both,
 * and `none` is neither.
 */
export const DIFFERENCES = ['none', 'drift', 'code', 'both'] as const;
/** One of {@link DIFFERENCES}. */
export type Difference = (typeof DIFFERENCES)[number];

/** What a plan says about a stack. */
export interface Finding {
  readonly stack: string;
  readonly difference: Difference;
  /** Shared by plans that find the same: 64 hex digits. */
  readonly fingerprint: string;
}

/** Returns what a plan found; refuses a plan that cannot say whether anything differs: an error is not drift. */
export function findDrift(report: PlanReport): Finding {
  const { name: stack, counts } = report;
  if (report.isFailed)
    throw new Refusal(
      `${stack}: the plan failed, so whether anything differs is not known, and its issue is left as it is: ${firstLine(report.errors[0])}; the summary of its job has all of it`,
    );
  if (!report.refresh)
    throw new Refusal(
      `${stack}: the plan did not look at what is really there: plan it with \`refresh: true\`, or leave the stack out`,
    );
  const difference = compare(report);
  if (difference === 'none' && (!report.isComplete || counts.deferred > 0))
    throw new Refusal(
      `${stack}: the plan found nothing, and is not complete, so whether anything differs is not known, and its issue is left as it is: apply what it waits for, or plan it without -target`,
    );
  return { stack, difference, fingerprint: fingerprintOf(report) };
}

function compare({ counts, unapplied }: PlanReport): Difference {
  if (counts.drift === 0) return changesAnything(counts) ? 'code' : 'none';
  return unapplied > 0 ? 'both' : 'drift';
}

/** The plan's own fingerprint does not have what drifted and is not put back. */
function fingerprintOf({ fingerprint, sections }: PlanReport): string {
  const drifted = sections.filter(({ kind }) => kind === 'drift').flatMap(({ entries }) => entries);
  return createHash('sha256')
    .update(JSON.stringify([fingerprint, drifted.map(({ head, body }) => [head, body])]))
    .digest('hex');
}

function firstLine(text = 'it left no sentence'): string {
  return text.split('\n', 1)[0] ?? '';
}
