import {
  explainArrival,
  explainRelease,
  type LandingPage,
  NOT_SEEN,
  renderLanding,
  workflowLink,
} from '#core/action/landing.ts';
import { headlineProposed, nextProposed } from '#core/action/proposals.ts';
import { commitLink, shortDigest } from '#core/action/summary.ts';
import { describeVerdict } from '#core/release/proven-sets.ts';
import type { RollbackResult } from '#core/release/roll-back.ts';
import type { FailedResult } from '#core/release/roll-back-failed.ts';
import { escapeMarkdown, inlineCode } from '#core/values/markdown.ts';
import { renderFailed } from './failed.ts';

/** Where links of a summary lead, and what was rolled back. */
export interface SummaryContext extends LandingPage {
  readonly environment: string;
}

/** Returns the job summary: what went back, from what to what, what stays held, how to let go. */
export function renderSummary(result: RollbackResult | FailedResult, context: SummaryContext): string {
  return 'of' in result ? renderFailed(result, context) : renderWanted(result, context);
}

function renderWanted(result: RollbackResult, context: SummaryContext): string {
  const place = escapeMarkdown(context.environment);
  const set = commitLink(result.target.set.commit, context);
  const headline = {
    landed: `⏪ Rolled ${place} back to ${set}, ${NOT_SEEN}`,
    proposed: headlineProposed(result),
    other: `✅ ${place} has the set of ${set} already`,
  }[result.outcome === 'landed' || result.outcome === 'proposed' ? result.outcome : 'other'];
  return renderLanding(
    headline,
    result,
    [...explainSlipped(result), ...explainUnchecked(result), ...explainProof(result), nextStep(result, context)].join(
      ' ',
    ),
    context,
  );
}

function nextStep(result: RollbackResult, context: SummaryContext): string {
  if (result.outcome === 'proposed') return nextProposed(result);
  if (result.outcome !== 'landed')
    return `nothing. Nothing was written; to keep it there, hold it: ${workflowLink('Hold', 'hold.yml', context)} with the action \`set\`.`;
  return `${explainArrival(result, [context.environment], context)} The images stay there until you let go: ${explainRelease(result.target.deploys, context)}`;
}

/** What is known of the set from the last time that it ran. */
function explainProof({ target: { verdict }, outcome }: RollbackResult): string[] {
  if (verdict === undefined || verdict.word === 'none' || (outcome !== 'landed' && outcome !== 'proposed')) return [];
  return [`When it ran before, this set was ${escapeMarkdown(describeVerdict(verdict))}.`];
}

function explainUnchecked({ isUnchecked, outcome }: RollbackResult): string[] {
  if (!isUnchecked || (outcome !== 'landed' && outcome !== 'proposed')) return [];
  return ['The registry did not answer: whether the cluster can pull the images was not checked.'];
}

/** A release that came between the person's look and the rollback went back as well: it is named. */
function explainSlipped({ images, target }: RollbackResult): string[] {
  const slipped = images.filter(({ image, from, outcome }) => outcome === 'landed' && from !== target.seen.get(image));
  if (slipped.length === 0) return [];
  const names = slipped.map(({ image, from }) => `${inlineCode(image)} at ${shortDigest(from)}`);
  return [`A newer release came in between and was rolled back as well: ${names.join(', ')}.`];
}
