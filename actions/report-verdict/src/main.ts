import { runAction } from '#core/action/runner.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { openPorts } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

// a release that failed does not make the step red: a run for a status is listed at the branch's newest commit, which is innocent
runAction(async (runner) => {
  const inputs = readInputs(runner);
  const { ports, close } = await openPorts(runner, inputs);
  try {
    const verdicts = await run(inputs, ports);
    runner.setOutputs(describeOutputs(verdicts));
    await runner.addSummary(renderSummary(verdicts, ports.repositoryUrl));
  } finally {
    await close();
  }
});
