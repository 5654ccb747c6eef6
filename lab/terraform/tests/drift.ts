import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ACCOUNT } from '#lab/aws/moto.ts';
import type { Stack } from '#lab/terraform/stack.ts';
import { stacks } from '#lab/terraform/tests/applied-stacks.ts';

/** What others saw the provider miss: terraform/REPORTS.md. Nothing is applied here. */
const plan = z.looseObject({
  resource_changes: z.array(
    z.looseObject({ address: z.string(), change: z.looseObject({ actions: z.array(z.string()), after: z.unknown() }) }),
  ),
});
const table = z.looseObject({ ttl: z.array(z.looseObject({ attribute_name: z.string(), enabled: z.boolean() })) });

/** Plans part of a stack, and returns what would change in it, with the values that it would get. */
async function planPart(stack: Stack, target: string): Promise<(readonly [string, unknown])[]> {
  const file = join(stack.folder, 'planned');
  await stack.run(['plan', '-no-color', '-lock=false', `-out=${file}`, `-target=${target}`]);
  const { stdout } = await stack.run(['show', '-json', file]);
  return plan
    .parse(JSON.parse(stdout.toString('utf8')))
    .resource_changes.filter(({ address, change }) => address.startsWith(target) && change.actions.join() !== 'no-op')
    .map(({ address, change }) => [`${change.actions.join()} ${address}`, change.after] as const);
}

/** Plans part of a stack whose module says something else, and returns what would change. */
async function planChanged(module: string, change: (text: string) => string): ReturnType<typeof planPart> {
  const { stack } = stacks().second;
  const code = join(stack.folder, `../modules/${module}/main.tf`);
  const text = readFileSync(code, 'utf8');
  expect(change(text)).not.toBe(text);
  try {
    writeFileSync(code, change(text));
    return await planPart(stack, `module.${module}`);
  } finally {
    writeFileSync(code, text);
  }
}

describe('what a plan sees', () => {
  test('tables without their ttl block: nothing; with enabled = false: each of them', async () => {
    const expiry = /\n {2}ttl \{\n {4}attribute_name = "ttl"\n {4}enabled {8}= true\n {2}\}\n/;
    expect(await planChanged('tables', (text) => text.replace(expiry, '\n'))).toEqual([]);
    const off = await planChanged('tables', (text) => text.replace(expiry, (ttl) => ttl.replace('= true', '= false')));
    expect(off.map(([what]) => what)).toEqual(
      ['executions', 'history', 'messages', 'sessions'].map(
        (key) => `update module.tables.aws_dynamodb_table.this["${key}"]`,
      ),
    );
    // AWS asks for the attribute's name, also where expiry is switched off
    for (const [, after] of off) expect(table.parse(after).ttl).toEqual([{ attribute_name: 'ttl', enabled: false }]);
  }, 120_000);

  test('a lifecycle rule for other tags: each policy', async () => {
    const changed = await planChanged('repositories', (text) => text.replace('["deps-*"]', '["layer-*"]'));
    expect(changed.map(([what]) => what.replace(/\["second-bot(?:-sandbox)?"\]/, ''))).toEqual(
      Array.from({ length: 2 }, () =>
        expect.stringMatching(/^(update|delete,create) .*aws_ecr_lifecycle_policy\.this$/),
      ),
    );
  }, 120_000);

  test('a boundary that was taken off a user: it is put back', async () => {
    const { stack, aws } = stacks();
    const user = ['--user-name', 'discord-bot-bot'];
    const boundary = `arn:aws:iam::${ACCOUNT}:policy/discord-bot-boundary`;
    const users = 'module.identities.aws_iam_user.this';
    await aws('iam', 'delete-user-permissions-boundary', ...user);
    expect(await planPart(stack, users)).toEqual([
      [`update ${users}["bot"]`, expect.objectContaining({ permissions_boundary: boundary })],
    ]);
    await aws('iam', 'put-user-permissions-boundary', ...user, '--permissions-boundary', boundary);
  }, 120_000);
});
