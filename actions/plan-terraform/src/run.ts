import { join } from 'node:path';
import { namePlanReport, REPORT_FILE } from '#core/action/artifact-names.ts';
import { annotateErrors } from '#core/terraform/annotations.ts';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { describeBlock, guardPlan } from '#core/terraform/guard.ts';
import { planStack, type StackPlan } from '#core/terraform/plan-stack.ts';
import { reportPlan } from '#core/terraform/report-plan.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import { findStack, listSources, type Stack } from '#core/terraform/stack.ts';
import { nameStackList } from '#core/terraform/stack-list.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';
import { findMergeBase, savePlan } from './save.ts';

/** What a stack's plan came to. */
export interface Planned {
  readonly report: PlanReport;
  /** Why the plan failed; undefined where it did not. */
  readonly failure: Failure | undefined;
  /** Why the plan may not be applied; undefined where it may. */
  readonly blocked: string | undefined;
  readonly isSaved: boolean;
}

/** Plans the stack, looks for what cannot be undone, saves the plan for the merge, and reports all of it without secrets. */
export async function run(inputs: Inputs, ports: Ports): Promise<Planned> {
  const stack = await findStack(inputs.stack, inputs.config, ports.source);
  ports.log.info(`planning ${stack.folder} at ${ports.source.commit}`);
  const refresh = inputs.refresh ?? stack.isRefreshed;
  const planned = await plan(stack, refresh, inputs, ports);
  const { fingerprint, failure } = planned;
  const guard = planned.plan === undefined ? [] : guardPlan(planned.plan, { ...inputs, fingerprint });
  const base = await findMergeBase(inputs, ports);
  const isSaved = await savePlan(planned, { stack, base, refresh }, inputs, ports);
  const sources = await listSources(stack, ports, ports.source).catch(() => [stack.folder]); // a plan that failed may have no modules
  const { head, pullRequest } = inputs;
  const saved = stack.isAppliedByHand ? {} : { saved: { isSaved, plannedAt: ports.clock.now().toISOString() } };
  const places = [...sources, nameStackList(inputs.config)];
  const report = reportPlan(planned, { stack, head, base, sources: places, refresh, guard, pullRequest, ...saved });
  const content = `${JSON.stringify(report)}\n`;
  await ports.write(inputs.report, content);
  // the last: a report says that the plan is there
  await ports.leave?.({ name: namePlanReport(stack.name), file: REPORT_FILE, content, days: inputs.retentionDays });
  for (const annotation of annotateErrors(failure?.diagnostics ?? [], stack.folder)) ports.annotate(annotation);
  return { report, failure, blocked: describeBlock(guard, fingerprint), isSaved };
}

async function plan(stack: Stack, refresh: boolean, inputs: Inputs, ports: Ports): Promise<StackPlan> {
  const { secrets, variables } = ports;
  const { backendConfig, lock } = inputs;
  const out = join(await ports.folder(), 'plan');
  return planStack(ports.openTerraform(stack), { backendConfig, refresh, lock, out, secrets, variables });
}
