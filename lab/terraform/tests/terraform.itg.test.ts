import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { checkTrustFiles } from '#commands/check-trust.ts';
import { runCommand } from '#commands/command.ts';
import { evaluatePolicies } from '#core/aws/iam/evaluate.ts';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import { awsEnvironment } from '#lab/aws/aws.ts';
import { ACCOUNT, REGION, startMoto } from '#lab/aws/moto.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { denied, type IdentityCall, needed } from '#lab/terraform/tests/identity-calls.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

const CANARIES = {
  TF_VAR_discord_token: `CANARY${'a'.repeat(20)}.CANARY.${'b'.repeat(27)}`,
  TF_VAR_litellm_api_key: 'CANARY-litellm-key',
};
const settings = {
  discord_bot_id: '123456789012345678',
  discord_guild_id: '123456789012345678',
  litellm_base_url: 'https://llm.example.com',
};
const outputs = z.looseObject({
  discord_messages_queue_url: z.string(),
  agentic_events_queue_url: z.string(),
  discord_messages_table_name: z.string(),
  dead_letter_queue_urls: z.record(z.string(), z.string()),
  policies: z.record(z.string(), z.string()),
  table_names: z.record(z.string(), z.string()),
  parameter_path: z.string(),
});
const secondSettings = {
  ...settings,
  region: 'eu-west-1',
  project: 'second-bot',
  tables:
    '{ sessions = "second_sessions", executions = "second_executions", messages = "second-messages", history = "second_history" }',
  queues: '{ agentic_events = "second-events", discord_messages = "second-messages" }',
  repositories: '{ second-bot = 3 }',
};

let lab: Lab;
let env: Record<string, string>;
let bootstrap: Stack;
let stack: Stack;
let second: Stack;
let applied: z.output<typeof outputs>;
let policies: Record<'bot' | 'cluster', Statement[]>;
let applyLog = '';

const aws = async (...args: string[]): Promise<unknown> => {
  const { stdout } = await lab.exec(
    ['aws', '--output', 'json', '--endpoint-url', env['AWS_ENDPOINT_URL'] ?? '', ...args],
    {
      extraEnv: env,
    },
  );
  return stdout.length === 0 ? {} : JSON.parse(stdout.toString('utf8'));
};

beforeAll(async () => {
  const toolbox = await obtainTools(['terraform', 'moto'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const moto = await startMoto(lab, toolbox);
  env = { ...awsEnvironment(`http://${moto}`), AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  await aws(
    's3api',
    'create-bucket',
    '--bucket',
    'states',
    '--create-bucket-configuration',
    `LocationConstraint=${REGION}`,
  );
  const github = { repository: 'acme/tenant', owner_id: '1001', repository_id: '2002' };
  bootstrap = await openStack(lab, toolbox, { stack: 'bootstrap', variables: github, env });
  stack = await openStack(lab, toolbox, { stack: 'aws', variables: settings, env, bucket: 'states' });
  second = await openStack(lab, toolbox, { stack: 'aws', variables: secondSettings, env });
  await bootstrap.run(['apply', '-no-color', '-auto-approve']);
  // beside one another: the provider waits 25 s for each queue
  const [first] = await Promise.all([
    stack.run(['apply', '-no-color', '-auto-approve'], { env: CANARIES }),
    second.run(['apply', '-no-color', '-auto-approve'], { env: CANARIES }),
  ]);
  applyLog = first.stdout.toString('utf8') + first.stderr;
  applied = await stack.outputs(outputs);
  policies = {
    bot: parsePolicy('bot', JSON.parse(applied.policies['bot'] ?? '')),
    cluster: parsePolicy('cluster', JSON.parse(applied.policies['cluster'] ?? '')),
  };
}, 300_000);

afterAll(async () => {
  await lab.stop();
});

describe('tables', () => {
  test('turns of a thread come back in order, by key and by index', async () => {
    const table = applied.discord_messages_table_name;
    for (const [sk, at] of [
      ['0002', 20],
      ['0001', 30],
      ['0003', 10],
    ] as const) {
      const item = { pk: { S: 'thread-1' }, sk: { S: sk }, timestamp: { N: String(at) }, ttl: { N: '4102444800' } };
      await aws('dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item));
    }
    const query = (...index: string[]) =>
      aws(
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

  test('executions are found by id and by thread; sessions and history by their keys', async () => {
    const { executions = '', sessions = '', history = '' } = applied.table_names;
    await aws(
      'dynamodb',
      'put-item',
      '--table-name',
      executions,
      '--item',
      '{"execution_id": {"S": "e1"}, "thread_id": {"S": "t1"}, "created_at": {"S": "2026"}}',
    );
    expect(
      await aws(
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
      await aws(
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
    for (const [name, item, key] of [
      [sessions, '{"thread_id": {"S": "t1"}, "state": {"S": "x"}}', '{"thread_id": {"S": "t1"}}'],
      [
        history,
        '{"thread_id": {"S": "t1"}, "created_at": {"S": "2026"}}',
        '{"thread_id": {"S": "t1"}, "created_at": {"S": "2026"}}',
      ],
    ] as const) {
      await aws('dynamodb', 'put-item', '--table-name', name, '--item', item);
      expect(await aws('dynamodb', 'get-item', '--table-name', name, '--key', key, '--query', 'Item.thread_id.S')).toBe(
        't1',
      );
    }
  });

  test.each([
    ['sessions', undefined],
    ['executions', 'ttl'],
    ['messages', 'ttl'],
    ['history', 'expires_at'],
  ])('%s: TTL %s, recovery, protection', async (key, attribute) => {
    const table = applied.table_names[key] ?? '';
    expect(
      await aws(
        'dynamodb',
        'describe-time-to-live',
        '--table-name',
        table,
        '--query',
        'TimeToLiveDescription.AttributeName',
      ),
    ).toBe(attribute ?? null);
    expect(
      await aws(
        'dynamodb',
        'describe-continuous-backups',
        '--table-name',
        table,
        '--query',
        'ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus',
      ),
    ).toBe('ENABLED');
    expect(
      await aws('dynamodb', 'describe-table', '--table-name', table, '--query', 'Table.DeletionProtectionEnabled'),
    ).toBe(true);
    await expect(aws('dynamodb', 'delete-table', '--table-name', table)).rejects.toThrow(/protect/i);
  });
});

describe('queues and repositories', () => {
  test('a message that was received three times is in the dead-letter queue', async () => {
    const queue = applied.agentic_events_queue_url;
    await aws('sqs', 'send-message', '--queue-url', queue, '--message-body', 'poison');
    for (let count = 0; count < 3; count++)
      expect(
        await aws(
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
    await aws('sqs', 'receive-message', '--queue-url', queue, '--visibility-timeout', '0', '--wait-time-seconds', '1');
    const dead = applied.dead_letter_queue_urls['agentic_events'] ?? '';
    expect(await aws('sqs', 'receive-message', '--queue-url', dead, '--query', 'Messages[0].Body')).toBe('poison');
  }, 30_000);

  test('the lifecycle policy and the immutability of tags are read back', async () => {
    const policy = z
      .string()
      .parse(
        await aws('ecr', 'get-lifecycle-policy', '--repository-name', 'discord-bot', '--query', 'lifecyclePolicyText'),
      );
    expect(
      JSON.parse(policy).rules.map((rule: { selection: { countNumber: number } }) => rule.selection.countNumber),
    ).toEqual([9999, 10, 3, 7]);
    expect(
      await aws(
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

describe('Terraform itself', () => {
  const changes = z.looseObject({
    resource_changes: z.array(
      z.looseObject({
        address: z.string(),
        change: z.looseObject({ actions: z.array(z.string()), before: z.unknown(), after: z.unknown() }),
      }),
    ),
  });

  test("a second plan needs no secret and finds nothing but moto's white space", async () => {
    const { resource_changes } = changes.parse(await stack.planJson());
    const left = resource_changes.filter(({ change }) => change.actions.join() !== 'no-op');
    const redrive = z.looseObject({ redrive_policy: z.string() });
    for (const { address, change } of left) {
      expect(address).toMatch(/aws_sqs_queue\.source/); // moto writes the redrive policy's JSON anew, with spaces
      const [before, after] = [redrive.parse(change.before), redrive.parse(change.after)];
      expect(JSON.parse(before.redrive_policy)).toEqual(JSON.parse(after.redrive_policy));
      expect({ ...before, redrive_policy: '' }).toEqual({ ...after, redrive_policy: '' });
    }
    const first = changes.parse(await bootstrap.planJson());
    expect(first.resource_changes.filter(({ change }) => change.actions.join() !== 'no-op')).toEqual([]);
  }, 60_000);

  test('no secret is in the log, the plan, its JSON or the state, and the parameters have them', async () => {
    const plan = JSON.stringify(await stack.planJson(CANARIES));
    const state = (await stack.run(['state', 'pull'])).stdout.toString('utf8');
    for (const text of [applyLog, plan, state, JSON.stringify(applied)]) expect(text).not.toContain('CANARY');
    const found = await lab.exec(['grep', '--recursive', '--files-with-matches', 'CANARY', stack.folder], {
      accept: [0, 1],
    });
    expect(found.stdout.toString('utf8')).toBe('');
  }, 60_000);

  test('raising a version without its value names it, and nothing is lost', async () => {
    const { code, stderr, stdout } = await stack.run(
      ['apply', '-no-color', '-auto-approve', '-target=module.secrets', '-var', 'secret_versions={discord_token=2}'],
      { accept: 'any' },
    );
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toContain(
      'the value of discord_token is missing: its version is raised to 2, so set TF_VAR_discord_token for this apply',
    );
    expect(
      await aws(
        'ssm',
        'get-parameter',
        '--name',
        '/discord-bot/discord_token',
        '--with-decryption',
        '--query',
        'Parameter.Value',
      ),
    ).toBe(CANARIES.TF_VAR_discord_token);
    const rotated = CANARIES.TF_VAR_discord_token.replace('aaaa', 'zzzz');
    await stack.run(
      ['apply', '-no-color', '-auto-approve', '-target=module.secrets', '-var', 'secret_versions={discord_token=2}'],
      { env: { TF_VAR_discord_token: rotated } },
    );
    expect(
      await aws(
        'ssm',
        'get-parameter',
        '--name',
        '/discord-bot/discord_token',
        '--with-decryption',
        '--query',
        'Parameter.Value',
      ),
    ).toBe(rotated);
  }, 60_000);

  test('destroy is refused while the tables are protected', async () => {
    const { code, stderr } = await stack.run(['destroy', '-no-color', '-auto-approve'], { accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr).toContain('prevent_destroy');
  }, 60_000);

  test('a locked state says who holds it and since when', async () => {
    const lock = {
      ID: 'b1946ac9-2492-d234-7c0a-5e0d3c2d8a11',
      Operation: 'OperationTypeApply',
      Info: '',
      Who: 'ada@laptop',
      Version: '1.11.4',
      Created: '2026-11-24T03:00:00Z',
      Path: 'states/aws/terraform.tfstate',
    };
    const key = ['--bucket', 'states', '--key', 'aws/terraform.tfstate.tflock'];
    await lab.exec(
      [
        'aws',
        '--endpoint-url',
        env['AWS_ENDPOINT_URL'] ?? '',
        's3',
        'cp',
        '-',
        's3://states/aws/terraform.tfstate.tflock',
      ],
      {
        extraEnv: env,
        input: JSON.stringify(lock),
      },
    );
    const { code, stderr } = await stack.run(['plan', '-no-color'], { accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Who:\s+ada@laptop/);
    expect(stderr).toMatch(/Created:\s+2026-11-24 03:00/);
    await aws('s3api', 'delete-object', ...key);
  }, 60_000);

  test('a second tenant stands beside the first, in another region', async () => {
    const other = await second.outputs(outputs);
    expect(other.parameter_path).toBe('/second-bot');
    expect(await aws('dynamodb', 'list-tables', '--region', 'eu-west-1', '--query', 'length(TableNames)')).toBe(4);
    expect(await aws('dynamodb', 'list-tables', '--query', 'length(TableNames)')).toBe(4);
    expect(other.policies['bot']).toContain(`arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/second_sessions`);
    expect(other.policies['bot']).not.toContain('ca-central-1');
  }, 30_000);

  test('the trust policies of the plan let in whom they name', async () => {
    const plan = JSON.stringify(await bootstrap.planJson());
    for (const purpose of ['plan', 'apply', 'build-push']) {
      const argv = [
        '--repository',
        'acme/tenant',
        '--owner-id',
        '1001',
        '--repository-id',
        '2002',
        '--purpose',
        purpose,
        'plan.json',
      ];
      expect(await runCommand(checkTrustFiles, argv, () => plan)).toMatchObject({ exitCode: 0 });
      const open = plan.replaceAll('acme@1001', 'evil@6');
      expect(await runCommand(checkTrustFiles, argv, () => open)).toMatchObject({ exitCode: 1 });
    }
  }, 30_000);
});

describe('what the two identities may', () => {
  const judge = (of: typeof policies, [identity, action, resource]: IdentityCall) =>
    evaluatePolicies(of[identity], { action, resource }).decision;

  test('every call that they need', () => {
    expect(needed.filter((row) => judge(policies, row) !== 'allowed')).toEqual([]);
  });

  test('and none of the others', () => {
    expect(denied.length).toBeGreaterThanOrEqual(40);
    expect(denied.filter((row) => judge(policies, row) === 'allowed')).toEqual([]);
  });

  test('each statement widened lets one of the others in', () => {
    const widen = (statement: Statement, how: 'actions' | 'resources'): Statement => ({
      ...statement,
      [how]: how === 'actions' ? (statement.actions ?? []).map((action) => action.replace(/:.*/, ':*')) : ['*'],
    });
    for (const identity of ['bot', 'cluster'] as const) {
      policies[identity].forEach((statement, index) => {
        for (const how of ['actions', 'resources'] as const) {
          if (how === 'resources' && statement.resources?.includes('*')) continue; // on everything already
          const mutated = { ...policies, [identity]: policies[identity].with(index, widen(statement, how)) };
          const noticed = denied.filter((row) => judge(mutated, row) === 'allowed');
          expect([identity, statement.name, how, noticed.length > 0]).toEqual([identity, statement.name, how, true]);
        }
      });
    }
  });
});

test.each([
  ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, /No valid credential sources found/],
  ['a wrong region', { TF_VAR_region: 'Canada' }, /region: 'Canada' is no AWS region; it looks like ca-central-1/],
  ['a wrong id', { TF_VAR_discord_bot_id: '12' }, /discord_bot_id: '12' is no Discord id; one has 17 to 20 digits/],
  [
    'a wrong address',
    { TF_VAR_litellm_base_url: 'llm' },
    /litellm_base_url: 'llm' is no address; write it with its scheme/,
  ],
  ['a wrong token', { TF_VAR_discord_token: 'Bot CANARY' }, /discord_token: the value is no Discord bot token/],
])(
  '%s is said',
  async (_what, wrong, words) => {
    const { code, stderr } = await second.run(['plan', '-no-color'], { env: wrong, accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr.replaceAll(/[\s│]+/g, ' ')).toMatch(words);
    expect(stderr).not.toContain('CANARY');
  },
  60_000,
);
