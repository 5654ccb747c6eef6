import * as z from 'zod';
import { REFUSALS } from '#core/terraform/saved-plan/check.ts';
import { planReportSchema } from './report.ts';

/** How applying a stack's saved plan ended. */
const APPLY_OUTCOMES = ['applied', 'failed', 'refused', 'not-reached'] as const;

/** The shape of an apply's report, for the comment that was reviewed. It holds no secrets. */
const applyReportSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('terraform-apply'),
  /** The stack. */
  name: z.string(),
  head: z.string(),
  outcome: z.enum(APPLY_OUTCOMES),
  refusal: z.enum(REFUSALS).nullable(),
  /** Why it was refused or not reached, or failed; empty where it was applied. */
  reason: z.string(),
  applied: z.array(z.string()),
  failed: z.array(z.string()),
  notReached: z.array(z.string()),
  errors: z.array(z.string()),
  /** After a refusal, a new plan: only what differs from the approved one, where there is an approved one. */
  fresh: planReportSchema.nullable(),
  /** File with the state that could not be written; empty where there is none. */
  rescued: z.string(),
  summaryMarkdown: z.string(),
});

/** What one stack's apply leaves for the jobs after it. */
export type ApplyReport = z.output<typeof applyReportSchema>;

/** Returns the report that a text is; undefined where it is none of this version. */
export function readApplyReport(text: string): ApplyReport | undefined {
  try {
    return applyReportSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON
  }
}
