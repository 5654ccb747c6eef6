import { runAction } from '#core/action/runner.ts';
import { describeFailure } from '#core/terraform/annotations.ts';
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
    const planned = await run(inputs, ports);
    runner.setOutputs(describeOutputs(planned));
    await runner.addSummary(renderSummary(planned));
    if (planned.failure !== undefined) throw new Refusal(describeFailure(planned.failure));
  } finally {
    await close();
  }
});
