import { runAction } from '#core/action/runner.ts';
import { Refusal } from '#core/values/errors.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  const { ports, close } = await openPorts(runner, inputs);
  try {
    const found = await run(inputs, ports);
    runner.setOutputs(describeOutputs(found));
    await runner.addSummary(renderSummary(found, inputs));
    if (found.refusal !== undefined) throw new Refusal(found.refusal);
  } finally {
    await close();
  }
});
