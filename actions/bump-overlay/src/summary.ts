import {
  explainArrival,
  explainRelease,
  explainReturn,
  type LandingPage,
  listEnvironments,
  NOT_SEEN,
  renderLanding,
} from '#core/action/landing.ts';
import { explainTurnedDown, headlineProposed, nextProposed } from '#core/action/proposals.ts';
import type { LandResult } from '#core/release/land.ts';
import { escapeMarkdown } from '#core/values/markdown.ts';

/** Returns the job summary: what changed, from what to what, where to look, what to do next. */
export function renderSummary(result: LandResult, page: LandingPage): string {
  return renderLanding(headline(result), result, nextStep(result, page), page);
}

function headline(result: LandResult): string {
  const place = escapeMarkdown(listEnvironments(result, result.outcome).join(', '));
  switch (result.outcome) {
    case 'landed':
      return `🚢 Committed for ${place}, ${NOT_SEEN}`;
    case 'proposed':
      return headlineProposed(result);
    case 'unchanged':
      return `✅ ${place} has it already`;
    case 'held':
      return `✋ Held in ${place}`;
    case 'superseded':
      return `⏭️ Superseded in ${place}`;
  }
}

function nextStep(result: LandResult, page: LandingPage): string {
  switch (result.outcome) {
    case 'landed': {
      const arrival = explainArrival(result, listEnvironments(result, 'landed'), page);
      const isHeld = listEnvironments(result, 'held').length > 0;
      const held = isHeld ? ` What is held stays until you let go: ${explainRelease(undefined, page)}` : '';
      return `${arrival} ${explainReturn(result, page)}${held}`;
    }
    case 'proposed':
      return nextProposed(result);
    case 'unchanged':
      return (page.unfollowed ?? []).length === 0
        ? 'nothing. The overlays name these digests already, so nothing was committed.'
        : 'the Application, as said above. The overlays name these digests already, so nothing was committed.';
    case 'held':
      return explainTurnedDown(result, page) || `nothing, until you let go: ${explainRelease(undefined, page)}`;
    case 'superseded':
      return 'nothing. A newer commit is deployed, so nothing was committed.';
  }
}
