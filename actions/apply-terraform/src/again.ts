import { join } from 'node:path';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { guardPlan } from '#core/terraform/guard.ts';
import { classifyPlan } from '#core/terraform/plan/classify.ts';
import { parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { planStack } from '#core/terraform/plan-stack.ts';
import { reportPlan } from '#core/terraform/report-plan.ts';
import type { SavedPlan } from '#core/terraform/saved-plan/binding.ts';
import type { Work } from './accept.ts';

/** Plans the stack again, and returns only what differs from the approved plan; all of it where that could not be opened. */
export async function planAgain(
  saved: SavedPlan | undefined,
  { stack, cli, inputs, ports }: Work,
): Promise<PlanReport> {
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
  return reportPlan(planned, {
    stack,
    head: ports.source.commit,
    base: '',
    sources: [stack.folder],
    refresh,
    pullRequest: inputs.pullRequest,
    guard: plan === undefined ? [] : guardPlan(plan, { ...inputs, fingerprint }),
    ...(approved !== undefined && { approved: classifyPlan(approved) }),
  });
}
