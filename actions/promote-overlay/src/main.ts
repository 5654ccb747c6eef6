import { findUnfollowed } from '#core/action/applications.ts';
import { runAction } from '#core/action/runner.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  const { serverUrl, repository } = runner.environment;
  const { ports, close } = await openPorts(runner, inputs);
  try {
    const result = await run(inputs, ports);
    runner.setOutputs(describeOutputs(result));
    const unfollowed = await findUnfollowed(runner, inputs.config, result);
    const page = { ...inputs, repositoryUrl: `${serverUrl}/${repository}`, unfollowed };
    await runner.addSummary(renderSummary(result, page));
  } finally {
    await close();
  }
});
