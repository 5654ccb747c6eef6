import { runAction } from '#core/runner.ts';
import { openWorld } from './world.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  if (inputs.token !== '') runner.mask(inputs.token);
  const world = await openWorld(inputs, runner);
  try {
    const landing = await run(inputs, world.deps);
    const outputs = describeOutputs(landing);
    runner.setOutput('outcome', outputs.outcome);
    runner.setOutput('commit', outputs.commit);
    runner.setOutput('releases', outputs.releases);
    await runner.addSummary(renderSummary(landing, { ...inputs, repositoryUrl: world.repositoryUrl }));
  } finally {
    await world.close();
  }
});
