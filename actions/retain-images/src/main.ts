import { runAction } from '#core/action/runner.ts';
import { Refusal } from '#core/values/errors.ts';
import { describeFailure } from './failure.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  const { ports, close } = await openPorts(runner, inputs);
  try {
    const retention = await run(inputs, ports);
    runner.setOutputs(describeOutputs(retention));
    const { serverUrl, repository } = runner.environment;
    await runner.addSummary(renderSummary(retention, { repositoryUrl: `${serverUrl}/${repository}` }));
    const failure = describeFailure(retention);
    if (failure !== undefined) throw new Refusal(failure);
  } finally {
    await close();
  }
});
