import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { writeCost } from '#commands/cost.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { listEverything } from '#lab/terraform/tests/left.ts';
import { expectNoChanges } from '#lab/terraform/tests/plans.ts';
import { blocks, moveState } from '#lab/terraform/tests/runbook-shell.ts';
import { answersOf, openRunbooks, paste, pasted, stage } from '#lab/terraform/tests/runbook-stage.ts';
// their tests run in this file too, in this order, on the same stacks: an apply takes a minute
import '#lab/terraform/tests/runbook-look.ts';
import '#lab/terraform/tests/runbook-moves.ts';
import '#lab/terraform/tests/runbook-keys.ts';

beforeAll(openRunbooks, 420_000);

afterAll(async () => {
  await stage().lab.stop();
});

test('docs/cost.md is what the plan costs', () => {
  const plan = JSON.stringify(stage().firstPlan);
  expect(readFileSync(join(repositoryRoot, 'docs/cost.md'), 'utf8')).toBe(writeCost('plan', plan));
});

describe('set-up.md', () => {
  test('the result has four tables, four queues and two repositories', async () => {
    const lists = z.array(z.array(z.unknown())).parse(await answersOf('set-up.md, block 1'));
    expect(lists.map((list) => list.length)).toEqual([4, 4, 2]);
  }, 60_000);

  test('the state of bootstrap moves into the bucket, and a plan from there finds everything', async () => {
    const { aws, bash, bootstrap } = stage();
    // moto takes the bucket's rule against plain HTTP for one that denies all
    await aws('s3api', 'delete-bucket-policy', '--bucket', 'discord-bot-state-123456789012');
    await bash(moveState());
    const list = [
      's3api',
      'list-objects-v2',
      '--bucket',
      'discord-bot-state-123456789012',
      '--query',
      'Contents[].Key',
    ];
    expect(await aws(...list)).toEqual(['bootstrap/terraform.tfstate']);
    const { stdout } = await bash(
      'rm terraform/bootstrap/terraform.tfstate*\nterraform -chdir=terraform/bootstrap plan -no-color',
    );
    expect(stdout).toMatch(/Plan: 1 to add, 0 to change, 0 to destroy/);
    expect((await bootstrap.run(['state', 'list'])).stdout.toString('utf8')).toContain('aws_s3_bucket.state');
    expect((await bash('git diff --cached --name-only')).stdout).toBe('terraform/bootstrap/backend.tf\n');
  }, 120_000);
});

describe('the applied stack', () => {
  test('an apply that is interrupted and repeated loses nothing', async () => {
    const { stack } = stage();
    const before = await stack.run(['state', 'list']);
    const change = ['apply', '-no-color', '-auto-approve', '-var', 'queue_retention_seconds=3600'];
    const running = await stack.start('interrupted', change);
    await new Promise((resolve) => setTimeout(resolve, 6000));
    process.kill(running.pid, 'SIGINT');
    while (running.isRunning()) await new Promise((resolve) => setTimeout(resolve, 100));
    await stack.run(change);
    expect((await stack.run(['state', 'list'])).stdout.toString('utf8')).toBe(before.stdout.toString('utf8'));
  }, 180_000);

  test('the teardown: refused as long as something is protected, nothing of the tenant is left, and nothing of another has changed', async () => {
    const { stack, second, aws } = stage();
    const refused = await stack.run(['destroy', '-no-color', '-auto-approve'], { accept: 'any' });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('prevent_destroy')]);
    for (const [name] of blocks.filter(([name]) => name.startsWith('teardown.md'))) await paste(name);
    const { regional, global } = await listEverything(aws, 'ca-central-1');
    expect(regional).toEqual([]);
    expect(global.filter((name) => !name.startsWith('second-'))).toEqual([
      expect.stringContaining('oidc-provider/token.actions.githubusercontent.com'),
    ]);
    await Promise.all([second.bootstrap, second.stack, second.secrets].map(expectNoChanges));
  }, 600_000);
});

test('every block was pasted', () => {
  expect(blocks.map(([name]) => name).filter((name) => !pasted.has(name))).toEqual([]);
});
