import type { Runner } from '#core/action/runner.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Inputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import type { Ports } from './ports.ts';
import { describeFailures, run } from './run.ts';
import { renderSummary } from './summary.ts';

/** Runs the action; refuses, after all stacks had their turn, with what could not be known or written of each. */
export async function report(
  inputs: Inputs,
  ports: Ports,
  { setOutputs, addSummary }: Pick<Runner, 'setOutputs' | 'addSummary'>,
): Promise<void> {
  const all = await run(inputs, ports);
  setOutputs(describeOutputs(all));
  await addSummary(renderSummary(all));
  const failures = describeFailures(all);
  if (failures !== undefined) throw new Refusal(failures);
}
