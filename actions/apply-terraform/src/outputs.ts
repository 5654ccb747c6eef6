import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'refusal', 'reason', 'applied', 'failed', 'not-reached', 'rescued'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(report: ApplyReport): Record<(typeof OUTPUTS)[number], string> {
  const { outcome, refusal, reason, applied, failed, notReached, rescued } = report;
  return {
    outcome,
    refusal: refusal ?? '',
    reason,
    applied: JSON.stringify(applied),
    failed: JSON.stringify(failed),
    'not-reached': JSON.stringify(notReached),
    rescued,
  };
}
