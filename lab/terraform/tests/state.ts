import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { checkTrustFiles } from '#commands/check-trust.ts';
import { runCommand } from '#commands/command.ts';
import { ACCOUNT } from '#lab/aws/moto.ts';
import { CANARIES, outputs, stacks } from '#lab/terraform/tests/applied-stacks.ts';

const changes = z.looseObject({
  resource_changes: z.array(
    z.looseObject({
      address: z.string(),
      change: z.looseObject({ actions: z.array(z.string()), before: z.unknown(), after: z.unknown() }),
    }),
  ),
});

describe('Terraform itself', () => {
  test("a second plan needs no secret and finds nothing but moto's white space", async () => {
    const { resource_changes } = changes.parse(await stacks().stack.planJson());
    const left = resource_changes.filter(({ change }) => change.actions.join() !== 'no-op');
    const redrive = z.looseObject({ redrive_policy: z.string() });
    for (const { address, change } of left) {
      expect(address).toMatch(/aws_sqs_queue\.source/); // moto rewrites the redrive policy's JSON, with spaces
      const [before, after] = [redrive.parse(change.before), redrive.parse(change.after)];
      expect(JSON.parse(before.redrive_policy)).toEqual(JSON.parse(after.redrive_policy));
      expect({ ...before, redrive_policy: '' }).toEqual({ ...after, redrive_policy: '' });
    }
    const first = changes.parse(await stacks().bootstrap.planJson());
    expect(first.resource_changes.filter(({ change }) => change.actions.join() !== 'no-op')).toEqual([]);
  }, 60_000);

  test('no secret is in the log, the plan, its JSON or the state, and the parameters have them', async () => {
    const plan = JSON.stringify(await stacks().stack.planJson(CANARIES));
    const state = (await stacks().stack.run(['state', 'pull'])).stdout.toString('utf8');
    for (const text of [stacks().applyLog, plan, state, JSON.stringify(stacks().outputs)])
      expect(text).not.toContain('CANARY');
    const found = await stacks().lab.exec(
      ['grep', '--recursive', '--files-with-matches', 'CANARY', stacks().stack.folder],
      {
        accept: [0, 1],
      },
    );
    expect(found.stdout.toString('utf8')).toBe('');
  }, 60_000);
});

describe('a secret', () => {
  test('raising a version without its value names it, and nothing is lost', async () => {
    const { code, stderr, stdout } = await stacks().stack.run(
      ['apply', '-no-color', '-auto-approve', '-target=module.secrets', '-var', 'secret_versions={discord_token=2}'],
      { accept: 'any' },
    );
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toContain(
      'the value of discord_token is missing: its version is raised to 2, so set TF_VAR_discord_token for this apply',
    );
    expect(
      await stacks().aws(
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
    await stacks().stack.run(
      ['apply', '-no-color', '-auto-approve', '-target=module.secrets', '-var', 'secret_versions={discord_token=2}'],
      { env: { TF_VAR_discord_token: rotated } },
    );
    expect(
      await stacks().aws(
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
});

describe('what Terraform refuses', () => {
  test('destroy is refused while the tables are protected', async () => {
    const { code, stderr } = await stacks().stack.run(['destroy', '-no-color', '-auto-approve'], { accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr).toContain('prevent_destroy');
  }, 60_000);
});

describe('a state that another holds', () => {
  test('says who holds it and since when', async () => {
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
    await stacks().lab.exec(
      [
        'aws',
        '--endpoint-url',
        stacks().env['AWS_ENDPOINT_URL'] ?? '',
        's3',
        'cp',
        '-',
        's3://states/aws/terraform.tfstate.tflock',
      ],
      {
        extraEnv: stacks().env,
        input: JSON.stringify(lock),
      },
    );
    const { code, stderr } = await stacks().stack.run(['plan', '-no-color'], { accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Who:\s+ada@laptop/);
    expect(stderr).toMatch(/Created:\s+2026-11-24 03:00/);
    await stacks().aws('s3api', 'delete-object', ...key);
  }, 60_000);
});

describe('beside the stack', () => {
  test('a second tenant lives beside the first, in another region', async () => {
    const other = await stacks().second.outputs(outputs);
    expect(other.parameter_path).toBe('/second-bot');
    expect(
      await stacks().aws('dynamodb', 'list-tables', '--region', 'eu-west-1', '--query', 'length(TableNames)'),
    ).toBe(4);
    expect(await stacks().aws('dynamodb', 'list-tables', '--query', 'length(TableNames)')).toBe(4);
    expect(other.policies['bot']).toContain(`arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/second_sessions`);
    expect(other.policies['bot']).not.toContain('ca-central-1');
  }, 30_000);

  test('the trust policies of the plan let in whom they name', async () => {
    const plan = JSON.stringify(await stacks().bootstrap.planJson());
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
