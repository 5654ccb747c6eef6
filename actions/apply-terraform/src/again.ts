import { join } from 'node:path';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { guardPlan } from '#core/terraform/guard.ts';
import { classifyPlan } from '#core/terraform/plan/classify.ts';
import { parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { planStack, type StackPlan } from '#core/terraform/plan-stack.ts';
import { reportPlan } from '#core/terraform/report-plan.ts';
import type { SavedPlan } from '#core/terraform/saved-plan/binding.ts';
import type { PlanRefusal } from '#core/terraform/saved-plan/check.ts';
import type { Work } from './accept.ts';

/** What the stack would do now. */
export interface Again {
  readonly planned: StackPlan;
  /** Only what differs from the approved plan; all of it where that could not be opened. */
  readonly report: PlanReport;
}

/** Plans the stack again. */
export async function planAgain(saved: SavedPlan | undefined, { stack, cli, inputs, ports }: Work): Promise<Again> {
  const approved = saved === undefined ? undefined : parsePlanFile('the saved plan', saved.json);
  const refresh = saved?.binding.isRefreshed ?? true;
  const planned = await planStack(cli, {
    backendConfig: inputs.backendConfig,
    refresh,
    lock: false,
    out: join(await ports.folder(), 'plan'),
    secrets: [...ports.secrets, ...(approved === undefined ? [] : collectSecrets(approved))],
    variables: ports.variables,
  });
  const { plan, fingerprint } = planned;
  const report = reportPlan(planned, {
    stack,
    head: ports.source.commit,
    base: '',
    sources: [stack.folder],
    refresh,
    pullRequest: inputs.pullRequest,
    guard: plan === undefined ? [] : guardPlan(plan, { ...inputs, fingerprint }),
    ...(approved !== undefined && { approved: classifyPlan(approved) }),
  });
  return { planned, report };
}

/**
 * Refuses a saved plan that does something else than the merged source does. Anyone with the key can bind a plan to all that
 * is so now; only Terraform knows that main would never make it.
 */
export function checkAgain({ binding }: SavedPlan, { planned }: Again, { stack }: Work): PlanRefusal | undefined {
  if (planned.fingerprint === binding.fingerprint) return undefined;
  return {
    kind: 'plan-differs',
    sentence: `the saved plan does something else than ${stack.folder} does now: planned again, its fingerprint is ${planned.fingerprint.slice(0, 12)}, and ${binding.fingerprint.slice(0, 12)} was reviewed; something outside of git has changed since, or someone who had the key wrote that plan: look at the difference, then plan it again, in a pull request`,
  };
}
