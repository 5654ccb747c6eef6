import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ACCOUNT, REGION } from '#lab/aws/moto.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { stacks } from '#lab/terraform/tests/applied-stacks.ts';

/** Its commands are what these tests ask with. */
const dataPage = readFileSync(join(repositoryRoot, 'docs/data.md'), 'utf8');

/** Writes items in one call. */
async function put(table: string, items: readonly object[]): Promise<void> {
  const requests = { [table]: items.map((Item) => ({ PutRequest: { Item } })) };
  await stacks().aws('dynamodb', 'batch-write-item', '--request-items', JSON.stringify(requests));
}

describe('tables', () => {
  test('turns of a thread come back in order, by key and by index', async () => {
    const table = stacks().outputs.discord_messages_table_name;
    for (const [sk, at] of [
      ['0002', 20],
      ['0001', 30],
      ['0003', 10],
    ] as const) {
      const item = { pk: { S: 'thread-1' }, sk: { S: sk }, timestamp: { N: String(at) }, ttl: { N: '4102444800' } };
      await stacks().aws('dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item));
    }
    const query = (...index: string[]) =>
      stacks().aws(
        'dynamodb',
        'query',
        '--table-name',
        table,
        ...index,
        '--key-condition-expression',
        'pk = :t',
        '--expression-attribute-values',
        '{":t": {"S": "thread-1"}}',
        '--query',
        'Items[].sk.S',
      );
    expect(await query()).toEqual(['0001', '0002', '0003']);
    expect(await query('--index-name', 'TimestampIndex')).toEqual(['0003', '0002', '0001']);
  });

  test('what was said in an hour is found over all threads, by day', async () => {
    const table = stacks().outputs.discord_messages_table_name;
    const midnight = Date.UTC(2026, 10, 27) / 1000;
    const turns = [
      ['thread-2', midnight + 7200],
      ['thread-3', midnight + 60],
      ['thread-4', midnight + 120],
      ['thread-5', midnight - 1],
    ] as const;
    await put(
      table,
      turns.map(([pk, at]) => ({
        pk: { S: pk },
        sk: { S: '1' },
        day: { S: new Date(at * 1000).toISOString().slice(0, 10) },
        timestamp: { N: String(at) },
        text: { S: 'hi' },
      })),
    );
    const [, command = ''] = /^(aws dynamodb query .*DayIndex.*)$/m.exec(dataPage) ?? [];
    const hour = command.replace('1795755600', String(midnight)).replace('1795759200', String(midnight + 3600));
    expect(await stacks().shell(hour)).toEqual([
      ['thread-3', '1'],
      ['thread-4', '1'],
    ]);
    const items = await stacks().shell(hour.replace('Items[].[pk.S, sk.S]', 'Items[0].keys(@)'));
    expect([items].flat().sort()).toEqual(['day', 'pk', 'sk', 'timestamp']);
  });

  test('messages of one millisecond are two items, and ids of 17 to 20 digits are in order', async () => {
    const { history = '' } = stacks().outputs.table_names;
    const ids = ['99999999999999999', '100000000000000000', '1311111111111111111', '1311111111111111112'];
    const latest = '18446744073709551615';
    await put(
      history,
      [latest, ...ids.toReversed()].map((id) => ({ thread_id: { S: 'thread-1' }, message_id: { N: id } })),
    );
    const [, command = ''] = /^(aws dynamodb query --table-name chat_history.*)$/m.exec(dataPage) ?? [];
    const newestFirst = `${command.replace('1234567890', 'thread-1')} --query Items[].message_id.N`;
    expect(await stacks().shell(newestFirst)).toEqual([...ids, latest].toReversed());
  });
});

describe('items', () => {
  test('executions are found by id and by thread', async () => {
    const { executions = '' } = stacks().outputs.table_names;
    await stacks().aws(
      'dynamodb',
      'put-item',
      '--table-name',
      executions,
      '--item',
      '{"execution_id": {"S": "e1"}, "thread_id": {"S": "t1"}, "created_at": {"N": "1795755600"}}',
    );
    expect(
      await stacks().aws(
        'dynamodb',
        'get-item',
        '--table-name',
        executions,
        '--key',
        '{"execution_id": {"S": "e1"}}',
        '--query',
        'Item.thread_id.S',
      ),
    ).toBe('t1');
    expect(
      await stacks().aws(
        'dynamodb',
        'query',
        '--table-name',
        executions,
        '--index-name',
        'thread_id-index',
        '--key-condition-expression',
        'thread_id = :t',
        '--expression-attribute-values',
        '{":t": {"S": "t1"}}',
        '--query',
        'Count',
      ),
    ).toBe(1);
  });
});

describe('items of other tables', () => {
  test('sessions and history are found by their keys', async () => {
    const { sessions = '', history = '' } = stacks().outputs.table_names;
    for (const [name, item, key] of [
      [sessions, '{"thread_id": {"S": "t1"}, "state": {"S": "x"}}', '{"thread_id": {"S": "t1"}}'],
      [
        history,
        '{"thread_id": {"S": "t1"}, "message_id": {"N": "1311111111111111111"}}',
        '{"thread_id": {"S": "t1"}, "message_id": {"N": "1311111111111111111"}}',
      ],
    ] as const) {
      await stacks().aws('dynamodb', 'put-item', '--table-name', name, '--item', item);
      expect(
        await stacks().aws('dynamodb', 'get-item', '--table-name', name, '--key', key, '--query', 'Item.thread_id.S'),
      ).toBe('t1');
    }
  });
});

describe('every table', () => {
  test.each(['sessions', 'executions', 'messages', 'history'])('%s: TTL, recovery, protection, tags', async (key) => {
    const table = stacks().outputs.table_names[key] ?? '';
    expect(
      await stacks().aws(
        'dynamodb',
        'describe-time-to-live',
        '--table-name',
        table,
        '--query',
        'TimeToLiveDescription.[AttributeName, TimeToLiveStatus]',
      ),
    ).toEqual(['ttl', 'ENABLED']);
    expect(
      await stacks().aws(
        'dynamodb',
        'describe-continuous-backups',
        '--table-name',
        table,
        '--query',
        'ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus',
      ),
    ).toBe('ENABLED');
    expect(
      await stacks().aws(
        'dynamodb',
        'describe-table',
        '--table-name',
        table,
        '--query',
        'Table.DeletionProtectionEnabled',
      ),
    ).toBe(true);
    const arn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${table}`;
    const project = "Tags[?Key=='project'].Value | [0]"; // the provider's default_tags: the module sets none
    expect(await stacks().aws('dynamodb', 'list-tags-of-resource', '--resource-arn', arn, '--query', project)).toBe(
      'discord-bot',
    );
    await expect(stacks().aws('dynamodb', 'delete-table', '--table-name', table)).rejects.toThrow(/protect/i);
  });
});

describe('queues', () => {
  test('a message that was received three times is in the dead-letter queue', async () => {
    const queue = stacks().outputs.agentic_events_queue_url;
    await stacks().aws('sqs', 'send-message', '--queue-url', queue, '--message-body', 'poison');
    for (let count = 0; count < 3; count++)
      expect(
        await stacks().aws(
          'sqs',
          'receive-message',
          '--queue-url',
          queue,
          '--visibility-timeout',
          '0',
          '--query',
          'Messages[0].Body',
        ),
      ).toBe('poison');
    await stacks().aws(
      'sqs',
      'receive-message',
      '--queue-url',
      queue,
      '--visibility-timeout',
      '0',
      '--wait-time-seconds',
      '1',
    );
    const dead = stacks().outputs.dead_letter_queue_urls['agentic_events'] ?? '';
    expect(await stacks().aws('sqs', 'receive-message', '--queue-url', dead, '--query', 'Messages[0].Body')).toBe(
      'poison',
    );
  }, 30_000);
});

describe('repositories', () => {
  test('the lifecycle policy and the immutability of tags are read back', async () => {
    const policy = z
      .string()
      .parse(
        await stacks().aws(
          'ecr',
          'get-lifecycle-policy',
          '--repository-name',
          'discord-bot',
          '--query',
          'lifecyclePolicyText',
        ),
      );
    expect(
      JSON.parse(policy).rules.map((rule: { selection: { countNumber: number } }) => rule.selection.countNumber),
    ).toEqual([9999, 10, 3, 10, 7]);
    expect(
      await stacks().aws(
        'ecr',
        'describe-repositories',
        '--repository-names',
        'discord-bot',
        'dev-sandbox',
        '--query',
        'repositories[].imageTagMutability',
      ),
    ).toEqual(['IMMUTABLE', 'IMMUTABLE']);
  });
});
