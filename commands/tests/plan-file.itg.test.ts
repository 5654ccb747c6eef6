import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readPlanFile } from '#commands/plan-file.ts';
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
