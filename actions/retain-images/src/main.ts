import { Refusal } from '#core/errors.ts';
import { runAction } from '#core/runner.ts';
import { describeFailure } from './failure.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openDeps } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  const { deps, close } = await openDeps(runner, inputs);
  try {
    const retention = await run(inputs, deps);
    const outputs = describeOutputs(retention);
    runner.setOutput('outcome', outputs.outcome);
    runner.setOutput('protected', outputs.protected);
    runner.setOutput('changes', outputs.changes);
    const { serverUrl, repository } = runner.environment;
    await runner.addSummary(renderSummary(retention, { repositoryUrl: `${serverUrl}/${repository}` }));
    const failure = describeFailure(retention);
    if (failure !== undefined) throw new Refusal(failure);
  } finally {
    await close();
  }
});
