import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

/** The stacks, with how many runs `terraform test` has for each. */
const TESTS: Readonly<Record<string, number>> = { bootstrap: 14, aws: 49, secrets: 16 };

let lab: Lab;
let stacks: [string, Stack][];

beforeAll(async () => {
  const toolbox = await obtainTools(['terraform', 'checkov'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  stacks = [];
  for (const stack of Object.keys(TESTS))
    stacks.push([stack, await openStack(lab, toolbox, { stack, variables: {}, env: {}, keepsProvider: true })]);
}, 600_000);

afterAll(async () => {
  await lab.stop();
});

test('formatted and valid', async () => {
  for (const [, stack] of stacks) {
    await stack.run(['fmt', '-check', '-recursive', join(repositoryRoot, 'terraform')]);
    await stack.run(['validate', '-no-color']);
  }
}, 60_000);

test('terraform test: no credentials, every answer of AWS made up', async () => {
  for (const [name, stack] of stacks) {
    const { stdout } = await stack.run(['test', '-no-color']);
    const [, passed = '0'] = /Success! (\d+) passed, 0 failed/.exec(stdout.toString('utf8')) ?? [];
    expect([name, Number(passed)]).toEqual([name, TESTS[name]]);
  }
}, 120_000);

test('checkov finds nothing that has no reason beside it', async () => {
  const argv = [
    'checkov',
    '--directory',
    join(repositoryRoot, 'terraform'),
    '--framework',
    'terraform',
    '--output',
    'json',
    '--skip-download',
  ] as const;
  const { stdout } = await lab.exec(argv, { accept: [0, 1] });
  const check = z.looseObject({
    check_id: z.string(),
    resource: z.string(),
    check_result: z.looseObject({ suppress_comment: z.string().optional() }),
  });
  const report = z.looseObject({
    results: z.looseObject({
      passed_checks: z.array(check),
      failed_checks: z.array(check),
      skipped_checks: z.array(check),
    }),
  });
  const { passed_checks, failed_checks, skipped_checks } = report.parse(JSON.parse(stdout.toString('utf8'))).results;
  expect(failed_checks.map(({ check_id, resource }) => `${check_id} ${resource}`)).toEqual([]);
  expect(passed_checks.length).toBeGreaterThan(30);
  for (const { check_id, check_result } of skipped_checks)
    expect([check_id, (check_result.suppress_comment ?? '').length > 20]).toEqual([check_id, true]);
}, 120_000);

test('the lock pins one provider, and the code takes a range', () => {
  for (const stack of Object.keys(TESTS)) {
    const read = (file: string) => readFileSync(join(repositoryRoot, 'terraform', stack, file), 'utf8');
    expect(read('versions.tf')).toContain('version = ">= 5.100, < 7"');
    expect(read('.terraform.lock.hcl')).toContain('version     = "5.100.0"');
  }
});
