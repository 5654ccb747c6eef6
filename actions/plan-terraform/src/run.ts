import { join } from 'node:path';
import { annotateErrors } from '#core/terraform/annotations.ts';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { describeBlock, guardPlan } from '#core/terraform/guard.ts';
import { planStack, type StackPlan } from '#core/terraform/plan-stack.ts';
import { reportPlan } from '#core/terraform/report-plan.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import { findStack, type Stack } from '#core/terraform/stack.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';
import { findMergeBase, savePlan } from './save.ts';

/** What a stack's plan came to. */
export interface Planned {
  readonly report: PlanReport;
  /** Why there is no plan; undefined where there is one. */
  readonly failure: Failure | undefined;
  /** Why the plan may not be applied; undefined where it may. */
  readonly blocked: string | undefined;
  readonly isSaved: boolean;
}

/** Plans the stack, looks for what cannot be undone, saves the plan for the merge, and reports all of it without secrets. */
export async function run(inputs: Inputs, ports: Ports): Promise<Planned> {
  const stack = await findStack(inputs.stack, inputs.config, ports.source);
  ports.log.info(`planning ${stack.folder} at ${ports.source.commit}`);
  const planned = await plan(stack, inputs, ports);
  const { fingerprint, failure } = planned;
  const guard = planned.plan === undefined ? [] : guardPlan(planned.plan, { ...inputs, fingerprint });
  const base = await findMergeBase(inputs.base, ports);
  const isSaved = await savePlan(planned, { stack, base }, inputs, ports);
  const report = reportPlan(planned, { stack, head: inputs.head, base, refresh: inputs.refresh, guard });
  await ports.write(inputs.report, `${JSON.stringify(report)}\n`);
  for (const annotation of annotateErrors(failure?.diagnostics ?? [], stack.folder)) ports.annotate(annotation);
  return { report, failure, blocked: describeBlock(guard, fingerprint), isSaved };
}

async function plan(stack: Stack, inputs: Inputs, ports: Ports): Promise<StackPlan> {
  const { secrets, variables } = ports;
  const { backendConfig, refresh, lock } = inputs;
  const out = join(await ports.folder(), 'plan');
  return planStack(ports.openTerraform(stack), { backendConfig, refresh, lock, out, secrets, variables });
}
