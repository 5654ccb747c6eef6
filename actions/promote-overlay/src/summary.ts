import {
  explainArrival,
  explainReturn,
  type LandingPage,
  NOT_SEEN,
  renderLanding,
  workflowLink,
} from '#core/action/landing.ts';
import { headlineProposed, nextProposed } from '#core/action/proposals.ts';
import type { LandResult } from '#core/release/land.ts';
import { escapeMarkdown } from '#core/values/markdown.ts';

/** Where links of a summary lead, and which environment received. */
export interface SummaryContext extends LandingPage {
  readonly environment: string;
}

/** Returns the job summary: what was brought on, from what to what, what to do next. */
export function renderSummary(result: LandResult, context: SummaryContext): string {
  return renderLanding(
    result.outcome === 'proposed' ? headlineProposed(result) : headline(result, escapeMarkdown(context.environment)),
    result,
    nextStep(result, context),
    context,
  );
}

function headline({ outcome }: LandResult, place: string): string {
  if (outcome === 'landed') return `🚢 Promotion to ${place} committed, ${NOT_SEEN}`;
  return outcome === 'unchanged' ? `✅ ${place} has this set already` : `⏭️ Superseded in ${place}`;
}

function nextStep(result: LandResult, context: SummaryContext): string {
  if (result.outcome === 'landed') {
    return `${explainArrival(result, [context.environment], context)} ${explainReturn(result, context)}`;
  }
  if (result.outcome === 'proposed') return nextProposed(result);
  if (result.outcome === 'unchanged') return 'nothing. Nothing was written.';
  return `nothing was written, since the environment has a newer release. To go back on purpose: ${workflowLink('Rollback', 'rollback.yml', context)}.`;
}
