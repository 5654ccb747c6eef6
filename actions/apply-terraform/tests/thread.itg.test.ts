import { afterEach, expect, test } from '@jest/globals';
import { openPorts as openApply } from '../src/ports.ts';
import { readInputs as readApply } from '../src/inputs.ts';
import { run as runApply } from '../src/run.ts';
import { describeOutputs } from '../src/outputs.ts';
import { readInputs } from '../../plan-terraform/src/inputs.ts';
import { openPorts } from '../../plan-terraform/src/ports.ts';
import { run } from '../../plan-terraform/src/run.ts';
import { FOLDER, type Ground, KEY, openGround } from '#tests/support/terraform.ts';

let ground: Ground | undefined;
afterEach(() => ground?.remove());

test('thread', async () => {
  ground = openGround('resource "terraform_data" "a" {\n  input = "one"\n}\n');
  const head = ground.git('rev-parse', 'HEAD');
  const step = ground.open('plan-terraform', { stack: 'app', head, 'head-repository': 'acme/shop', key: KEY, 'saved-plan': 'plan.sealed' });
  const inputs = readInputs(step.runner);
  const { ports, close } = await openPorts(step.runner, inputs);
  const planned = await run(inputs, ports);
  await close();
  console.log(JSON.stringify(planned, undefined, 1), step.lines);
  const second = ground.open('apply-terraform', { stack: 'app', head, key: KEY, 'saved-plan': 'plan.sealed' });
  const applyInputs = readApply(second.runner);
  const opened = await openApply(second.runner, applyInputs);
  const report = await runApply(applyInputs, opened.ports);
  await opened.close();
  console.log(report.summaryMarkdown, describeOutputs(report), second.lines);
  expect(ground.read(`${FOLDER}/terraform.tfstate`)).toContain('one');
});
