import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '#commands/command.ts';
import { readPlanFile } from '#commands/plan-file.ts';
import { renderPlan } from '#commands/slipway/render-plan.ts';
import { createExec } from '#core/system/exec.ts';

const exec = createExec(process.env);
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-plan-'));
  writeFileSync(join(folder, 'main.tf'), 'output "word" {\n  value = "hello"\n}\n');
  await exec(['terraform', 'init', '-input=false'], { cwd: folder });
  await exec(['terraform', 'plan', '-input=false', '-out=planned'], { cwd: folder });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('a saved plan is shown as JSON, and nothing is written', async () => {
  const plan = JSON.parse(await readPlanFile(join(folder, 'planned')));
  expect(plan.planned_values.outputs.word.value).toBe('hello');
});

test('any other file is its own text', async () => {
  expect(await readPlanFile(join(folder, 'main.tf'))).toContain('output "word"');
});

test('one that Terraform cannot show is refused with its reason', async () => {
  writeFileSync(join(folder, 'broken'), 'PK\x03\x04 and no archive');
  await expect(readPlanFile(join(folder, 'broken'))).rejects.toThrow(
    /broken is a saved plan that terraform cannot show/,
  );
});

test('render-plan refuses a saved plan with the command that makes its JSON, and takes that', async () => {
  const ports = { resolve: (path: string) => join(folder, '..', path) };
  const { stderr } = await runCommand(renderPlan, [join(basename(folder), 'planned')], ports);
  const [, command = ''] = /: type (.*? > plan\.json), then give plan\.json/.exec(stderr) ?? [];
  const made = command.replace('> plan.json', `> ${basename(folder)}/plan.json`); // the folder above is everyone's
  await exec(['sh', '-c', made], { cwd: join(folder, '..') });
  const { stdout } = await runCommand(renderPlan, [join(basename(folder), 'plan.json')], ports);
  expect(stdout).toMatch(/^### Terraform changes 1 output\n/);
});
