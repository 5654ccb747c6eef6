import type { Runner } from '#core/action/runner.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Inputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import type { Ports } from './ports.ts';
import { describeFailure, run } from './run.ts';
import { renderSummary } from './summary.ts';

/** Runs the action; refuses, after all pull requests were looked at, with what GitHub refused of each. */
export async function report(
  inputs: Inputs,
  ports: Ports,
  { setOutputs, addSummary }: Pick<Runner, 'setOutputs' | 'addSummary'>,
): Promise<void> {
  const marked = await run(inputs, ports);
  setOutputs(describeOutputs(marked));
  await addSummary(renderSummary(marked, { branch: inputs.branch, page: ports.repositoryUrl }));
  const failure = describeFailure(marked);
  if (failure !== undefined) throw new Refusal(failure);
}
