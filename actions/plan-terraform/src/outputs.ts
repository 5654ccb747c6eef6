import { changesAnything } from '#core/terraform/comment/words.ts';
import type { Planned } from './run.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['counts', 'changed', 'has-destroy', 'fingerprint', 'blocked', 'reason', 'saved'] as const;

/** Returns the outputs of this action. */
export function describeOutputs({
  report,
  failure,
  blocked,
  isSaved,
}: Planned): Record<(typeof OUTPUTS)[number], string> {
  return {
    counts: JSON.stringify(report.counts),
    changed: String(changesAnything(report.counts)),
    'has-destroy': String(report.hasDestroy),
    fingerprint: report.fingerprint,
    blocked: String(blocked !== undefined),
    reason: failure?.sentence ?? blocked ?? '',
    saved: String(isSaved),
  };
}
