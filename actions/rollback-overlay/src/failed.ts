import { explainArrival, explainRelease, NOT_SEEN, renderLanding, workflowLink } from '#core/action/landing.ts';
import { headlineProposed, nextProposed } from '#core/action/proposals.ts';
import { commitLink } from '#core/action/summary.ts';
import { describeVerdict } from '#core/release/proven-sets.ts';
import { type FailedResult, NONE_RAN } from '#core/release/roll-back-failed.ts';
import { escapeMarkdown, inlineCode } from '#core/values/markdown.ts';
import type { SummaryContext } from './summary.ts';

/** Returns the job summary of a failed release: what it went back to by itself, or why it was left, and what a person does. */
export function renderFailed(result: FailedResult, context: SummaryContext): string {
  const words = [...explainVerdict(result), ...explainLeft(result), nextStep(result, context)];
  return renderLanding(headline(result, context), result, words.join(' '), context);
}

function headline(result: FailedResult, context: SummaryContext): string {
  const place = escapeMarkdown(context.environment);
  const of = commitLink(result.of, context);
  if (result.outcome === 'proposed') return headlineProposed(result);
  if (result.outcome !== 'landed') return `⏸️ ${place} was left as it is after ${of}`;
  const set = result.set === undefined ? 'an older set' : commitLink(result.set.commit, context);
  return `⏪ ${of} failed: rolled ${place} back to ${set} by itself, ${NOT_SEEN}`;
}

function explainVerdict({ of, verdict }: FailedResult): string[] {
  if (verdict === undefined) return [];
  return [`GitHub's record of ${inlineCode(of.slice(0, 7))} is ${escapeMarkdown(describeVerdict(verdict))}.`];
}

function explainLeft({ left, outcome }: FailedResult): string[] {
  if (left !== undefined) return [`Nothing was written: ${escapeMarkdown(left)}.`];
  return outcome === 'superseded' || outcome === 'held' ? ['Nothing was written: someone was faster.'] : [];
}

function nextStep(result: FailedResult, context: SummaryContext): string {
  if (result.outcome === 'proposed') return nextProposed(result);
  if (result.left === NONE_RAN)
    return `Where it still fails, start ${workflowLink('Rollback', 'rollback.yml', context)} with ${inlineCode('steps')}, or with a commit or digest as ${inlineCode('to')}: you know which set ran.`;
  if (result.outcome !== 'landed')
    return `Where it still fails, ${workflowLink('Rollback', 'rollback.yml', context)} with ${inlineCode('to: proven')} takes it back.`;
  return `${explainArrival(result, [context.environment], context)} The images stay there until you let go: ${explainRelease(result.deploys, context)}`;
}
