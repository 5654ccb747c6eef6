import type { LeaveArtifact } from '#core/action/upload.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { findStack } from '#core/terraform/stack.ts';
import { type Ground, KEY, type Step } from '#tests/support/terraform.ts';
import { type Accepted, acceptSavedPlan } from '../../actions/apply-terraform/src/accept.ts';
import { readInputs as readApplyInputs } from '../../actions/apply-terraform/src/inputs.ts';
import { describeOutputs as describeApplied } from '../../actions/apply-terraform/src/outputs.ts';
import { type Ports as ApplyPorts, openPorts as openApplyPorts } from '../../actions/apply-terraform/src/ports.ts';
import { run as runApply } from '../../actions/apply-terraform/src/run.ts';
import { readInputs as readPlanInputs } from '../../actions/plan-terraform/src/inputs.ts';
import { describeOutputs as describePlanned } from '../../actions/plan-terraform/src/outputs.ts';
import { openPorts as openPlanPorts } from '../../actions/plan-terraform/src/ports.ts';
import { type Planned, run as runPlan } from '../../actions/plan-terraform/src/run.ts';

type Strings = Readonly<Record<string, string>>;

/** What a step left behind: its result, its outputs, and all that people see of it. */
export interface Done<Result> extends Step {
  readonly result: Result;
  readonly outputs: Strings;
  /** Outputs, annotations, log, summary and report. */
  readonly seen: () => string;
}

/** Plans the stack of the ground at its head, and saves the plan. */
export async function plan(
  ground: Ground,
  inputs: Strings = {},
  env: Strings = {},
  leave?: LeaveArtifact,
): Promise<Done<Planned>> {
  const given = { stack: 'app', head: ground.git('rev-parse', 'HEAD'), key: KEY, 'saved-plan': 'app.sealed' };
  const step = ground.open('plan-terraform', { ...given, 'head-repository': 'acme/shop', ...inputs }, env);
  const checked = readPlanInputs(step.runner);
  const { ports, close } = await openPlanPorts(step.runner, checked);
  try {
    const result = await runPlan(checked, { ...ports, leave });
    const seen = (): string => `${step.seen()}${JSON.stringify(result)}${ground.read(checked.report)}`;
    return { ...step, result, outputs: describePlanned(result), seen };
  } finally {
    await close();
  }
}

/** What GitHub says to apply-terraform, and who asks. */
export type Asked = Partial<Pick<ApplyPorts, 'github' | 'actors' | 'leave'>>;

/** Applies the saved plan of the ground's head. */
export async function apply(
  ground: Ground,
  inputs: Strings = {},
  env: Strings = {},
  asked: Asked = {},
): Promise<Done<ApplyReport>> {
  const given = { stack: 'app', head: ground.git('rev-parse', 'HEAD'), key: KEY, 'saved-plan': 'app.sealed' };
  const step = ground.open('apply-terraform', { ...given, ...inputs }, env);
  const checked = readApplyInputs(step.runner);
  const { ports, close } = await openApplyPorts(step.runner, checked);
  try {
    const result = await runApply(checked, { ...ports, ...asked });
    const seen = (): string => `${step.seen()}${JSON.stringify(result)}${ground.read(checked.report)}`;
    return { ...step, result, outputs: describeApplied(result), seen };
  } finally {
    await close();
  }
}

/** Holds the saved plan of the ground's head against what is so, and applies nothing. */
export async function accept(ground: Ground, inputs: Strings = {}, asked: Asked = {}): Promise<Accepted> {
  const given = { stack: 'app', head: ground.git('rev-parse', 'HEAD'), key: KEY, 'saved-plan': 'app.sealed' };
  const { runner } = ground.open('apply-terraform', { ...given, ...inputs });
  const checked = readApplyInputs(runner);
  const { ports, close } = await openApplyPorts(runner, checked);
  try {
    const stack = await findStack(checked.stack, checked.config, ports.source);
    const work = { stack, cli: ports.openTerraform(stack), inputs: checked, ports: { ...ports, ...asked } };
    return await acceptSavedPlan(work);
  } finally {
    await close();
  }
}
