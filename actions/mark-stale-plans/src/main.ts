import { runAction } from '#core/action/runner.ts';
import { Refusal } from '#core/values/errors.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { describeFailure, run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  const marked = await run(inputs, openPorts(runner, inputs));
  runner.setOutputs(describeOutputs(marked));
  const { serverUrl, repository } = runner.environment;
  await runner.addSummary(renderSummary(marked, { branch: inputs.branch, page: `${serverUrl}/${repository}` }));
  const failure = describeFailure(marked);
  if (failure !== undefined) throw new Refusal(failure);
});
