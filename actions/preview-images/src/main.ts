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
    const report = await run(inputs, ports);
    runner.setOutputs(describeOutputs(report, inputs));
    await runner.addSummary(renderSummary(report, { repositoryUrl: `${serverUrl}/${repository}` }));
  } finally {
    await close();
  }
});
