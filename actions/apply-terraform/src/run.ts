import { join } from 'node:path';
import { nameApplyReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import { annotateErrors } from '#core/terraform/annotations.ts';
import { type Applied, applyPlan } from '#core/terraform/apply-plan.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import type { SavedPlan } from '#core/terraform/saved-plan/binding.ts';
import { seal } from '#core/terraform/saved-plan/seal.ts';
import { findStack } from '#core/terraform/stack.ts';
import { escapeMarkdown } from '#core/values/markdown.ts';
import { acceptSavedPlan, type Work } from './accept.ts';
import { checkAgain, planAgain } from './again.ts';
import { findEarlierAttempt, findStopped } from './earlier.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';
import { reportApplied, reportFailure, reportNotReached, reportRefusal } from './report.ts';

/** Applies the saved plan of the merged head if all that it was made from is still so; if not, says what would be done now. */
export async function run(inputs: Inputs, ports: Ports): Promise<ApplyReport> {
  const stack = await findStack(inputs.stack, inputs.config, ports.source);
  const work: Work = { stack, cli: ports.openTerraform(stack), inputs, ports };
  const earlier = await findEarlierAttempt(work);
  const report = earlier?.outcome === 'applied' ? repeat(earlier, work) : await applyInOrder(work);
  const content = `${JSON.stringify(report)}\n`;
  await ports.write(inputs.report, content);
  // what an earlier attempt began is told, not that this one changed nothing
  const isLess = earlier?.outcome === 'failed' && (report.outcome === 'refused' || report.outcome === 'not-reached');
  if (!isLess) await ports.leave?.({ name: nameApplyReport(stack.name), file: REPORT_FILE, content, days: 7 });
  return report;
}

/** A run that is started again finishes what is left: what it has applied is not refused because the state has moved. */
function repeat(earlier: ApplyReport, { stack, ports }: Work): ApplyReport {
  const said = `${stack.name} was applied by an earlier attempt of this run: nothing is applied a second time`;
  ports.log.info(said);
  return { ...earlier, summaryMarkdown: `${escapeMarkdown(said)}.\n\n${earlier.summaryMarkdown}` };
}

async function applyInOrder(work: Work): Promise<ApplyReport> {
  const stopped = await findStopped(work);
  return stopped === undefined ? applyOrRefuse(work) : reportNotReached(stopped, work);
}

async function applyOrRefuse(work: Work): Promise<ApplyReport> {
  const accepted = await acceptSavedPlan(work);
  if (accepted.kind === 'failed') return fail(accepted.failure, work);
  const again = await planAgain(accepted.saved, work);
  if (accepted.kind === 'refused') return reportRefusal(accepted.refusal, again.report, work);
  if (again.planned.failure !== undefined) return fail(again.planned.failure, work);
  const differs = checkAgain(accepted.saved, again, work);
  if (differs !== undefined) return reportRefusal(differs, again.report, work);
  const applied = await apply(accepted.saved, work);
  if (applied.failure === undefined) return reportApplied(applied, work);
  if (applied.failure.kind !== 'stale') return fail(applied.failure, work, applied);
  const { sentence } = applied.failure; // it moved between our look and Terraform's
  return reportRefusal({ kind: 'state-moved', sentence }, (await planAgain(accepted.saved, work)).report, work);
}

async function apply(saved: SavedPlan, { stack, cli, inputs, ports }: Work): Promise<Applied> {
  ports.log.info(`applying the plan of ${inputs.head.slice(0, 7)} to ${stack.folder}`);
  return applyPlan(cli, saved, {
    stackFolder: join(ports.checkout, stack.folder),
    folder: await ports.folder(),
    secrets: ports.secrets,
    rescue: (state) => ports.write(inputs.rescue, seal(state, inputs.key)),
    say: ports.log.info,
  });
}

function fail(failure: Failure, work: Work, applied?: Applied): ApplyReport {
  for (const annotation of annotateErrors(failure.diagnostics, work.stack.folder)) work.ports.annotate(annotation);
  return reportFailure(failure, applied, work);
}
