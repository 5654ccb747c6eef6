import { runAction } from '#core/runner.ts';
import { readInputs } from './inputs.ts';
import { openDeps } from './ports.ts';
import { run } from './run.ts';
import { renderSummary } from './summary.ts';

runAction(async (runner) => {
  process.umask(0o022); // the exported files keep git's modes, whoever runs this
  const inputs = readInputs(runner);
  const build = await run(inputs, openDeps(runner));
  runner.setOutput('outcome', build.outcome);
  runner.setOutput('digest', build.digest);
  runner.setOutput('reference', build.reference);
  runner.setOutput('tag', build.tag);
  runner.setOutput('input-hash', build.inputHash);
  runner.setOutput('seconds', build.seconds.toFixed(1));
  const { serverUrl, repository } = runner.environment;
  await runner.addSummary(renderSummary(build, { repositoryUrl: `${serverUrl}/${repository}` }));
});
