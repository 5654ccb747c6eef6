import type { Runner } from '#core/action/runner.ts';
import { describeError, Refusal } from '#core/values/errors.ts';
import type { Inputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import type { Ports } from './ports.ts';
import { run } from './run.ts';
import { readTexts, renderSummary } from './summary.ts';

/** Runs the action; the job summary has the full text, also where the comment could not be written. Refuses what GitHub refuses. */
export async function report(
  inputs: Inputs,
  ports: Ports,
  { setOutputs, addSummary }: Pick<Runner, 'setOutputs' | 'addSummary'>,
): Promise<void> {
  const texts = await readTexts(inputs, ports);
  const result = await run(inputs, texts, ports).catch(async (error: unknown) => {
    await addSummary(renderSummary(texts, { outcome: 'failed', reason: describeError(error) }));
    throw error;
  });
  setOutputs(describeOutputs(result));
  await addSummary(renderSummary(texts, result));
  if (result.refusal !== undefined) throw new Refusal(result.refusal);
}
