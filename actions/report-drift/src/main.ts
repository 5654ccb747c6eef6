import { runAction } from '#core/action/runner.ts';
import { readInputs } from './inputs.ts';
import { openPorts } from './ports.ts';
import { report } from './report.ts';

runAction(async (runner) => {
  const inputs = readInputs(runner);
  await report(inputs, openPorts(runner, inputs), runner);
});
