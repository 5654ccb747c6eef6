import { explainArrival, type LandingPage, NOT_SEEN, renderLanding, workflowLink } from '#core/action/landing.ts';
import { headlineProposed, nextProposed } from '#core/action/proposals.ts';
import { describeNext, type HoldResult } from '#core/release/hold-image.ts';
import type { LandResult } from '#core/release/land.ts';
import { toMinute } from '#core/release/rules.ts';
import { escapeMarkdown } from '#core/values/markdown.ts';
import type { Inputs } from './inputs.ts';

/** Where links of a summary lead, and what was asked. */
export type SummaryContext = LandingPage & Pick<Inputs, 'environment' | 'image' | 'action' | 'until'>;

/** Returns the job summary: what is held or let go, what was deployed with it, what to do next. */
export function renderSummary(result: HoldResult, context: SummaryContext): string {
  const { environment, image } = context;
  const place = escapeMarkdown(image === '*' ? environment : `${environment}/${image}`);
  if (result.outcome === 'proposed')
    return renderLanding(headlineProposed(result), result, nextProposed(result), context);
  return renderLanding(headline(result, place, context), result, nextStep(result, context), context);
}

function headline({ outcome, images }: LandResult, place: string, { action }: SummaryContext): string {
  if (action === 'set') return outcome === 'landed' ? `✋ ${place} is held` : `✅ ${place} is held so already`;
  if (outcome !== 'landed') return `✅ Nothing is held in ${place}, and nothing waits`;
  const deployed = images.some((image) => image.outcome === 'landed');
  return deployed
    ? `🚢 ${place} is let go, and the newest build is committed, ${NOT_SEEN}`
    : `🚢 ${place} is let go; nothing was pending`;
}

function nextStep(result: HoldResult, context: SummaryContext): string {
  const { action, environment, until } = context;
  if (action === 'set') {
    const end = until === undefined ? 'you let go' : `${toMinute(until)}, or you let go`;
    return `pushes leave it alone until ${end}: ${workflowLink('Hold', 'hold.yml', context)} with the action \`release\`.`;
  }
  if (result.images.some(({ outcome }) => outcome === 'landed')) return explainArrival(result, [environment], context);
  return `nothing. ${describeNext(result.next ?? { deploys: 'on-push', frozenUntil: undefined })}`;
}
