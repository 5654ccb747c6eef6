import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import { openStack } from '#lab/terraform/stack.ts';
import { ON_MOTO } from '#lab/terraform/tenant.ts';
import { stacks } from '#lab/terraform/tests/applied-stacks.ts';
import { first } from '#lab/terraform/tests/identity-calls.ts';
import { expectNoChanges } from '#lab/terraform/tests/plans.ts';
import { tlsRowsOf } from '#lab/terraform/tests/tls-only.ts';

describe('a project that is called as an environment of another', () => {
  /** What the environment staging of the first tenant has, whatever else changes. */
  const readStaging = async (): Promise<unknown[]> => {
    const { aws } = stacks();
    const user = ['--user-name', 'discord-bot-staging-bot'];
    return [
      await aws('iam', 'list-user-tags', ...user, '--query', 'Tags'),
      await aws('iam', 'get-user', ...user, '--query', 'User.PermissionsBoundary'),
      await aws('ssm', 'get-parameters-by-path', '--path', '/discord-bot-staging', '--query', 'Parameters'),
    ];
  };

  test.each([
    ['aws', '-target=module.identities.aws_iam_user.this', 2, /EntityAlreadyExists/g],
    ['aws', '-target=aws_ssm_parameter.setting', 3, /ParameterAlreadyExists/g],
    ['secrets', '-target=module.secrets', 2, /ParameterAlreadyExists/g],
  ] as const)(
    '%s %s: each of the %i is refused, and none is taken over',
    async (folder, target, count, refusal) => {
      const { lab, toolbox, env } = stacks();
      const before = await readStaging();
      const named = { project: 'discord-bot-staging', environments: folder === 'aws' ? {} : [] };
      const variables =
        folder === 'aws'
          ? { ...ON_MOTO, ...named, tables: {}, queues: {}, repositories: null }
          : { ...named, secret_versions: {} };
      const same = await openStack(lab, toolbox, { stack: folder, variables, env });
      rmSync(join(same.folder, 'terraform.tfstate'), { force: true }); // of another test: this tenant has nothing yet
      const secrets = {
        TF_VAR_discord_token: `${'a'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`,
        TF_VAR_litellm_api_key: 'sk-of-another-tenant',
      };
      const apply = ['apply', '-no-color', '-auto-approve', target];
      const { code, stderr } = await same.run(apply, { accept: 'any', env: folder === 'aws' ? {} : secrets });
      expect([code, new Set(stderr.match(refusal)).size, stderr.match(/^Error: creating/gm)?.length]).toEqual([
        1,
        1,
        count,
      ]);
      const { stdout } = await same.run(['state', 'list'], { accept: 'any' });
      const held = stdout.toString('utf8').split('\n');
      expect(held.filter((address) => /(?:^|\.)aws_/.test(address) && !/(?:^|\.)data\./.test(address))).toEqual([]);
      expect(await readStaging()).toEqual(before);
    },
    120_000,
  );

  test('nothing of the first tenant has changed', async () => {
    await Promise.all([stacks().stack, stacks().secrets].map(expectNoChanges));
  }, 120_000);
});

test('the bucket and the queues refuse calls without TLS, as it was applied', async () => {
  const { aws } = stacks();
  const read = (name: string, text: unknown): readonly [string, readonly Statement[]] => [
    name,
    parsePolicy(name, JSON.parse(z.string().parse(text))),
  ];
  const nameOf = (arn: string): string => arn.replace(/.*:/, '');
  const bucket = nameOf(first.bucket);
  const policies = new Map([
    read(bucket, await aws('s3api', 'get-bucket-policy', '--bucket', bucket, '--query', 'Policy')),
  ]);
  for (const queue of [...first.queues, ...first.deadLetters].map(nameOf)) {
    const url = z.string().parse(await aws('sqs', 'get-queue-url', '--queue-name', queue, '--query', 'QueueUrl'));
    const asked = ['--queue-url', url, '--attribute-names', 'Policy', '--query', 'Attributes.Policy'];
    policies.set(...read(queue, await aws('sqs', 'get-queue-attributes', ...asked)));
  }
  const rows = tlsRowsOf(first);
  expect(rows.filter((row) => !row.holds(Object.fromEntries(policies))).map(({ says }) => says)).toEqual([]);
}, 60_000);

describe('what a tenant says', () => {
  test.each([
    [
      'stack',
      '-var=environments={staging={discord_bot="1"}}',
      /environments: staging\.discord_bot is not a setting of an environment; the keys are discord_bot_id, discord_g/,
    ],
    ['stack', '-var=environments={staging={}}', /environments: staging\.discord_bot_id, staging\.discord_guild_id, /],
    ['stack', '-var=queue_visibility_seconds=43201', /visibility_seconds: 43201 must be from 0 to 43200/],
    ['stack', '-var=queue_retention_seconds=1209600', /retention_seconds: 1209600 must be from 60 to 1209599/],
    [
      'secrets',
      '-var=environment_secrets={stagin={litellm_api_key="CANARY-key"}}',
      /environment_secrets: it has an environment that this stack does not have\. There is none besides the first: c/,
    ],
  ] as const)(
    '%s: %s is refused with what is allowed',
    async (stack, wrong, words) => {
      const { code, stderr } = await stacks().second[stack].run(['plan', '-no-color', wrong], { accept: 'any' });
      expect(code).not.toBe(0);
      expect(stderr.replaceAll(/[\s│]+/g, ' ')).toMatch(words);
      expect(stderr).not.toContain('CANARY');
    },
    60_000,
  );
});
