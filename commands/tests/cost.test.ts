import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '#commands/command.ts';
import { cost } from '#commands/cost.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cost-'));
  const planned_values = { root_module: { resources: [] } };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ format_version: '1.2', planned_values }));
});
afterAll(() => rmSync(folder, { recursive: true }));
const run = (...argv: string[]) => runCommand(cost, argv, (path) => join(folder, path));

test('writes the page where it is told to', async () => {
  const stdout = `wrote ${join(folder, 'bill.md')}\n`;
  expect(await run('--plan', 'plan.json', '--out', 'bill.md')).toEqual({ exitCode: 0, stdout, stderr: '' });
  expect(readFileSync(join(folder, 'bill.md'), 'utf8')).toContain('a month in ca-central-1');
});

test('a plan that is not there is 1, with how to make one; a slip of the pen is 2', async () => {
  expect(await run('--plan', 'none.json')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(
      'run terraform -chdir=terraform/aws plan -out=planned, then pass --plan terraform/aws/planned',
    ),
  });
  expect(await run('--plans', 'plan.json')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('did you mean "--plan"?'),
  });
});
