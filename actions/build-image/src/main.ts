import { runAction } from '#core/action/runner.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  process.umask(0o022); // the exported files keep git's modes, under any user
  const inputs = readInputs(runner);
  const build = await run(inputs, openPorts(runner));
  runner.setOutputs(describeOutputs(build));
  const { serverUrl, repository } = runner.environment;
  await runner.addSummary(renderSummary(build, { repositoryUrl: `${serverUrl}/${repository}` }));
});
