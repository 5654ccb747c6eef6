import { ulid } from 'ulid';
import { openLandingPorts } from '#core/landing-ports.ts';
import { runAction } from '#core/runner.ts';
import { readInputs } from './inputs.ts';
import { describeOutputs } from './outputs.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  const { serverUrl, repository, runUrl, actor } = runner.environment;
  const { ports, close } = await openLandingPorts(runner, inputs);
  try {
    const landing = await run(inputs, { ...ports, newIntent: ulid, runUrl, actor });
    const outputs = describeOutputs(landing);
    runner.setOutput('outcome', outputs.outcome);
    runner.setOutput('commit', outputs.commit);
    runner.setOutput('releases', outputs.releases);
    await runner.addSummary(renderSummary(landing, { ...inputs, repositoryUrl: `${serverUrl}/${repository}` }));
  } finally {
    await close();
  }
});
