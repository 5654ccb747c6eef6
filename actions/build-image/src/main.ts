import { runAction } from '#core/action/runner.ts';
import { isExpected } from '#core/values/errors.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { run } from './run.ts';
import { renderFailure, renderSummary } from './summary.ts';

runAction(async (runner) => {
  process.umask(0o022); // the exported files keep git's modes, under any user
  const inputs = readInputs(runner);
  const { serverUrl, repository, sha } = runner.environment;
  const page = { repositoryUrl: `${serverUrl}/${repository}` };
  const build = await run(inputs, openPorts(runner)).catch(async (error: unknown) => {
    if (isExpected(error)) await runner.addSummary(renderFailure(inputs.image, error, sha, page));
    throw error;
  });
  runner.setOutputs(describeOutputs(build));
  await runner.addSummary(renderSummary(build, page));
});
