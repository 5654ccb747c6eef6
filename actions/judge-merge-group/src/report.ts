import type { Runner } from '#core/action/runner.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Inputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import type { Ports } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

/** Runs the action; refuses a group whose merge is not proven to do what was reviewed. */
export async function report(
  inputs: Inputs,
  ports: Ports,
  { setOutputs, addSummary }: Pick<Runner, 'setOutputs' | 'addSummary'>,
): Promise<void> {
  const judged = await run(inputs, ports);
  setOutputs(describeOutputs(judged));
  await addSummary(renderSummary(judged, ports.repositoryUrl));
  if (!judged.isProven) throw new Refusal(judged.status.description);
}
