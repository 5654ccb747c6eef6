import { SUMMARY_LIMIT } from '#core/comment/outline.ts';
import { htmlCode, inlineCode } from '#core/values/markdown.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';
import { listErrors } from './annotations.ts';
import { type Part, readPart, renderComment } from './comment/render.ts';
import { type PlanReport, toReport } from './comment/report.ts';
import { showAddress } from './comment/values.ts';
import { type GuardFinding, writeOverride } from './guard.ts';
import type { Plan } from './plan/classify.ts';
import type { StackPlan } from './plan-stack.ts';
import type { Failure } from './run/failure.ts';
import type { Scrub } from './secrets.ts';
import type { Stack } from './stack.ts';

/** What a report says besides the plan. */
export interface ReportContext {
  readonly stack: Stack;
  readonly head: string;
  readonly base: string;
  /** The folders that it was made from. */
  readonly sources: readonly string[];
  readonly refresh: boolean;
  readonly guard: readonly GuardFinding[];
  /** Of a plan that a merge applies: whether it was saved, and when it was made. */
  readonly saved?: Pick<PlanReport, 'isSaved' | 'plannedAt'>;
  /** Where the plan is reviewed; undefined where that is not known. */
  readonly pullRequest: number | undefined;
  /** The plan that was approved before: only what differs from it is shown. */
  readonly approved?: Plan;
}

/** Returns what a plan came to as a report: for the comment, for the job summary, and without secrets. */
export function reportPlan(planned: StackPlan, context: ReportContext): PlanReport {
  const { plan, failure, scrub, fingerprint } = planned;
  const { stack, head, base, sources, refresh, approved } = context;
  const hide = (text: string): string => hideUserinfo(scrub(text));
  const guard = context.guard.map((found) => ({ ...found, address: showAddress(found.address, hide) }));
  const errors = failure === undefined ? [] : describeErrors(failure, stack.folder).map(hide);
  const notes = [
    ...describeGuard(guard, { fingerprint, isFailed: failure !== undefined }, context),
    ...(refresh ? [] : [DRIFT_NOT_SEEN]),
    ...(stack.isAppliedByHand ? [`A merge does not apply ${inlineCode(stack.name)}: a person does.`] : []),
  ];
  const part = readPart({ name: stack.name, plan, approved, errors, notes }, scrub);
  const counts = part.counts;
  const hasDestroy = counts.destroy + counts.replace > 0;
  const facts = {
    head,
    base,
    sources: [...sources],
    fingerprint,
    refresh,
    hasDestroy,
    guard,
    errors,
    ...context.saved,
  };
  return toReport(part, { ...facts, summaryMarkdown: renderPart(part, head, scrub) });
}

/** Returns the summary of one stack. */
function renderPart(part: Part, head: string, scrub: Scrub): string {
  return renderComment([part], {
    scrub,
    head,
    limit: SUMMARY_LIMIT,
    rest: 'left out, since a job summary takes 1 MiB',
  });
}

const DRIFT_NOT_SEEN = 'Drift was not looked at: the plan compares with the state alone.';

/** Errors are counted as such; what broke otherwise is one, with all that the program said. */
function describeErrors({ kind, sentence, diagnostics }: Failure, folder: string): string[] {
  const errors = listErrors(diagnostics, folder);
  return kind === 'errors' && errors.length > 0 ? errors : [[sentence, ...errors].join('\n')];
}

function describeGuard(
  guard: readonly GuardFinding[],
  { fingerprint, isFailed }: { readonly fingerprint: string; readonly isFailed: boolean },
  { stack, pullRequest }: ReportContext,
): string[] {
  if (guard.length === 0) return [];
  const blocking = guard.filter(({ isAllowed }) => !isAllowed);
  const shown = (blocking.length > 0 ? blocking : guard).slice(0, MOST_NAMED);
  const more = (blocking.length > 0 ? blocking : guard).length - shown.length;
  const list = [
    ...shown.map(({ address, what }) => `${htmlCode(address)} ${what}`),
    ...(more > 0 ? [`${more} more`] : []),
  ].join('; ');
  if (blocking.length === 0) return [`The destroy guard was overridden for ${list}.`];
  if (isFailed)
    return [
      `**The destroy guard would hold this plan**: ${list}. A plan with an error is not saved, so there is nothing to allow yet: correct the error, and the next plan says how.`,
    ];
  const held = `**The destroy guard holds this plan**: ${list}. Where it is meant, someone with write access who is not the author may allow each`;
  if (pullRequest === undefined)
    return [`${held} by its address and this plan's fingerprint ${inlineCode(fingerprint)}.`];
  const command = writeOverride(shown, { fingerprint, stack: stack.name, pullRequest });
  return [
    `${held} once it is merged${more > 0 ? `, all in one run: add the other ${more === 1 ? 'one' : more} to \`allow\`` : ''}: ${inlineCode(command)}`,
  ];
}

const MOST_NAMED = 10;
