import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { blockOf } from '#lab/terraform/tests/runbook-shell.ts';
import { paste, stage } from '#lab/terraform/tests/runbook-stage.ts';

/** A message whose body a command line would take for a file's name, and that has an attribute. */
const HOSTILE = { body: 'file:///etc/hostname', attributes: { kind: { DataType: 'String', StringValue: 'a "b" $c' } } };

const urlOf = async (queue: string): Promise<string> =>
  z.string().parse(await stage().aws('sqs', 'get-queue-url', '--queue-name', queue, '--query', 'QueueUrl'));

/** Puts {@link HOSTILE} into a queue. */
async function send(queue: string): Promise<void> {
  const input = JSON.stringify({ MessageBody: HOSTILE.body, MessageAttributes: HOSTILE.attributes });
  await stage().aws('sqs', 'send-message', '--queue-url', await urlOf(queue), '--cli-input-json', input);
}

/** Returns the messages of a queue, which stay in it. */
async function look(queue: string): Promise<{ body: string; attributes: unknown }[]> {
  const all = ['--max-number-of-messages', '10', '--visibility-timeout', '0', '--message-attribute-names', 'All'];
  const found = await stage().aws('sqs', 'receive-message', '--queue-url', await urlOf(queue), ...all);
  const messages = z.object({ Messages: z.array(z.object({ Body: z.string(), MessageAttributes: z.unknown() })) });
  if (found === null) return [];
  return messages.parse(found).Messages.map(({ Body, MessageAttributes }) => ({
    body: Body,
    attributes: MessageAttributes,
  }));
}

/** Returns what origin's main tells the bot of each environment, of one setting. */
async function settingOf(name: string): Promise<string[]> {
  const at = (environment: string): string => `git show origin/main:overlays/${environment}/settings.env`;
  const { stdout } = await stage().bash(`{ ${at('production')}; ${at('staging')}; } | sed -n 's/^${name}=//p'`);
  return stdout.trim().split('\n');
}

/** Returns which environments' bots origin's main has stopped. */
const listStopped = async (): Promise<string> =>
  (await stage().bash('git grep -l "count: 0" origin/main -- overlays || true')).stdout;

const STOPPED = ['production', 'staging'].map((name) => `origin/main:overlays/${name}/kustomization.yaml\n`).join('');

/** Returns the names of the tables and the number of their items. */
async function countItems(): Promise<Readonly<Record<string, number>>> {
  const { aws } = stage();
  const names = z.array(z.string()).parse(await aws('dynamodb', 'list-tables', '--query', 'TableNames'));
  const count = async (name: string) =>
    z.number().parse(await aws('dynamodb', 'scan', '--table-name', name, '--query', 'Count'));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await count(name)] as const)));
}

/** What an apply that changes a table or a queue says. */
const KEEPS = /Apply complete! Resources: \d+ added, \d+ changed, \d+ destroyed/;
const LOSES = /aws_(?:sqs_queue|dynamodb_table)\.\S+ (?:will|must) be (?:destroyed|replaced)/;

/** Pastes a block that applies; no table and no queue is lost. */
async function apply(name: string): Promise<void> {
  const { stdout } = await paste(name);
  expect(stdout).toMatch(KEEPS);
  expect(stdout).not.toMatch(LOSES);
}

/** Only what is tracked: the lab's own files are beside it. */
const expectCommitted = async (): Promise<void> =>
  expect((await stage().bash('git status --short --untracked-files=no; git log origin/main..')).stdout).toBe('');

test('dead letters go back as they are, with their attributes', async () => {
  await send('agentic-events-dlq');
  await send('agentic-events-dlq');
  await paste('dead-letters.md, block 1');
  await paste('dead-letters.md, block 2');
  expect(await look('agentic-events')).toEqual([HOSTILE, HOSTILE]);
  expect(await look('agentic-events-dlq')).toEqual([]);
}, 120_000);

test('a queue gets another name, and no message is lost', async () => {
  await send('agentic-events-dlq');
  await paste('move-queue.md, block 1');
  await paste('move-queue.md, block 2');
  await apply('move-queue.md, block 3');
  await apply('move-queue.md, block 4');
  await paste('move-queue.md, block 5');
  await paste('move-queue.md, block 6');
  const url = await urlOf('events');
  expect(await settingOf('AGENTIC_EVENTS_QUEUE_URL')).toEqual([url, url]);
  await expectCommitted();
  await paste('move-queue.md, block 7');
  expect([await look('events'), await look('events-dlq')]).toEqual([[HOSTILE, HOSTILE], [HOSTILE]]);
  const { stdout } = await paste('move-queue.md, block 8');
  expect(stdout.match(/"Approximate\w+": "0"/g)).toHaveLength(6);
  await paste('move-queue.md, block 9');
  expect(await stage().aws('sqs', 'list-queues', '--queue-name-prefix', 'agentic-events')).toBeNull();
}, 300_000);

test('it moves them as the page of the dead letters does', () => {
  const readLoop = (name: string): string =>
    (/^ *while [\s\S]*?^ *done$/m.exec(blockOf(name))?.[0] ?? '').replaceAll(/^ +/gm, '');
  expect(readLoop('move-queue.md, block 7')).toBe(readLoop('dead-letters.md, block 2'));
  expect(readLoop('dead-letters.md, block 2')).toContain('sqs delete-message');
});

describe('tables', () => {
  test('the restored table is under Terraform, and the bots of both environments were stopped and use it', async () => {
    const before = await countItems();
    await paste('restore-table.md, block 1');
    expect(await listStopped()).toBe(STOPPED);
    await paste('restore-table.md, block 1').catch(() => undefined); // once more, by mistake: it says nothing to commit
    expect((await stage().bash('grep -c replicas: overlays/*/kustomization.yaml')).stdout).toMatch(/:1\n.*:1\n$/);
    await paste('restore-table.md, block 2');
    await paste('restore-table.md, block 3');
    await apply('restore-table.md, block 4');
    expect((await paste('restore-table.md, block 5')).stdout).toMatch(/Import successful/);
    await apply('restore-table.md, block 6');
    await paste('restore-table.md, block 7');
    expect(await listStopped()).toBe(STOPPED);
    await paste('restore-table.md, block 8');
    expect(await listStopped()).toBe('');
    expect(await settingOf('DISCORD_MESSAGES_TABLE_NAME')).toEqual([
      'discord-messages-restored',
      'discord-messages-restored',
    ]);
    await expectCommitted();
    const { 'discord-messages': lost, ...others } = before;
    expect(await countItems()).toEqual({ ...before, 'discord-messages-restored': lost });
    await paste('restore-table.md, block 9');
    expect(await countItems()).toEqual({ ...others, 'discord-messages-restored': lost });
    expect(lost).toBeGreaterThan(0);
  }, 300_000);

  test('an index whose key was a text is replaced', async () => {
    expect((await paste('../data.md, block 5')).stdout).toBe('"ACTIVE"\n"ACTIVE"\n');
  }, 60_000);

  test('the history of an older version goes into a table of its own, and the bots use it', async () => {
    await makeOldHistory();
    await paste('restore-table.md, block 1');
    await paste('../data.md, block 6');
    await apply('../data.md, block 7');
    await apply('../data.md, block 8');
    expect((await paste('../data.md, block 9')).stdout).toBe('2\n2\n');
    await paste('../data.md, block 10');
    await paste('restore-table.md, block 8');
    expect(await settingOf('CHAT_HISTORY_TABLE_NAME')).toEqual(['chat_history_by_id', 'chat_history_by_id']);
    expect(await listStopped()).toBe('');
    await expectCommitted();
    await paste('../data.md, block 11');
    const items = z.array(z.unknown());
    const scan = ['scan', '--table-name', 'chat_history_by_id', '--query', 'Items'];
    expect(items.parse(await stage().aws('dynamodb', ...scan))).toContainEqual({
      thread_id: { S: 't' },
      message_id: { N: '1575752537473024000' },
      created_at: { N: '1795759081' },
      ttl: { N: '1800000000' },
    });
    expect(Object.keys(await countItems()).sort()).toEqual([
      'chat_history_by_id',
      'discord-messages-restored',
      'discord_executions',
      'discord_sessions',
    ]);
  }, 300_000);
});

/** In the place of the table that Terraform made: the one of November 2026, with two messages of one second. */
async function makeOldHistory(): Promise<void> {
  const { aws } = stage();
  const table = ['--table-name', 'chat_history'];
  await aws('dynamodb', 'update-table', ...table, '--no-deletion-protection-enabled');
  await aws('dynamodb', 'delete-table', ...table);
  const keys = ['thread_id', 'created_at'];
  const attributes = keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
  const schema = keys.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' }));
  const shape = ['--attribute-definitions', JSON.stringify(attributes), '--key-schema', JSON.stringify(schema)];
  await aws(
    'dynamodb',
    'create-table',
    ...table,
    ...shape,
    '--billing-mode',
    'PAY_PER_REQUEST',
    '--deletion-protection-enabled',
  );
  for (const time of ['2026-11-27T05:58:01Z', '2026-11-27T05:58:01.123Z']) {
    const item = { thread_id: { S: 't' }, created_at: { S: time }, expires_at: { N: '1800000000' } };
    await aws('dynamodb', 'put-item', ...table, '--item', JSON.stringify(item));
  }
}

test('the blocks that tell the bots their settings are one', () => {
  const all = ['restore-table.md, block 7', 'move-queue.md, block 5', '../data.md, block 10'].map(blockOf);
  expect(new Set(all).size).toBe(1);
});
