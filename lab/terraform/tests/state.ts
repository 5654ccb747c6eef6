import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { checkTrustFiles } from '#commands/check-trust.ts';
import { runCommand } from '#commands/command.ts';
import { ACCOUNT, REGION } from '#lab/aws/moto.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { openStack } from '#lab/terraform/stack.ts';
import { ON_MOTO } from '#lab/terraform/tenant.ts';
import { CANARIES, outputs, stacks } from '#lab/terraform/tests/applied-stacks.ts';
import { expectNoChanges } from '#lab/terraform/tests/plans.ts';

const setUp = readFileSync(join(repositoryRoot, 'docs/runbooks/set-up.md'), 'utf8');

const versions = z.object({ Versions: z.array(z.object({ Key: z.string(), VersionId: z.string() })).default([]) });

/** Returns every version of every state in a bucket, as text. */
async function readStateVersions(bucket: string): Promise<string[]> {
  const { aws, env } = stacks();
  const { Versions } = versions.parse(await aws('s3api', 'list-object-versions', '--bucket', bucket));
  expect(Versions.filter(({ VersionId }) => VersionId === 'null')).toEqual([]); // the bucket keeps versions
  const scope = `Credential=test/20260101/${REGION}/s3/aws4_request`; // by which the endpoint tells services apart
  const headers = { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0` };
  const read = async ({ Key, VersionId }: (typeof Versions)[number]): Promise<string> => {
    const response = await fetch(`${env['AWS_ENDPOINT_URL']}/${bucket}/${Key}?versionId=${VersionId}`, { headers });
    expect([Key, response.status]).toEqual([Key, 200]);
    return response.text();
  };
  return Promise.all(Versions.map(read));
}

describe('Terraform itself', () => {
  test("a second plan needs no secret and finds nothing but moto's white space", async () => {
    const { bootstrap, stack, secrets, second } = stacks();
    await Promise.all([bootstrap, stack, secrets, second.stack, second.secrets].map(expectNoChanges));
  }, 180_000);

  test('a state belongs to one tenant in one region: the names of another are refused', async () => {
    const refused = [
      stacks().stack.run(['plan', '-no-color', '-var', 'project=second-bot'], { accept: 'any' }),
      stacks().secrets.run(['plan', '-no-color', '-var', 'region=eu-west-1'], { accept: 'any' }),
    ];
    for (const { code, stderr } of await Promise.all(refused)) {
      expect(code).toBe(1);
      expect(stderr).toContain('terraform_data.tenant has lifecycle.prevent_destroy');
    }
  }, 120_000);

  test('a queue of another tenant is refused instead of adopted', async () => {
    const { lab, toolbox, env } = stacks();
    const variables = { ...ON_MOTO, project: 'third-bot', tables: {}, repositories: null };
    const third = await openStack(lab, toolbox, { stack: 'aws', variables, env });
    const target = '-target=module.queues.aws_sqs_queue.dead_letter["agentic_events"]';
    const { code, stderr } = await third.run(['apply', '-no-color', '-auto-approve', target], { accept: 'any' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/QueueAlreadyExists|QueueNameExists|already exists/);
  }, 60_000);
});

describe('a secret', () => {
  const stored = (): Promise<unknown> => {
    const path = ['--name', '/discord-bot/discord_token', '--with-decryption', '--query', 'Parameter.Value'];
    return stacks().aws('ssm', 'get-parameter', ...path);
  };
  const apply = ['apply', '-no-color', '-auto-approve'];

  test('raising a version without its value names it, and nothing is lost', async () => {
    const raise = [...apply, '-var', 'secret_versions={discord_token=2}'];
    const { code, stderr, stdout } = await stacks().secrets.run(raise, { accept: 'any' });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toContain(
      'the value of discord_token is missing: its version is raised to 2, so set TF_VAR_discord_token for this apply',
    );
    expect(await stored()).toBe(CANARIES.TF_VAR_discord_token);
    const rotated = CANARIES.TF_VAR_discord_token.replace('aaaa', 'zzzz');
    await stacks().secrets.run(raise, { env: { TF_VAR_discord_token: rotated } });
    expect(await stored()).toBe(rotated);
  }, 60_000);

  test('an apply that is killed: the lock says who had it, and set-up.md says how to go on', async () => {
    const { secrets } = stacks();
    const rotated = CANARIES.TF_VAR_discord_token.replace('aaaa', 'yyyy');
    const raise = [...apply, '-var', 'secret_versions={discord_token=3}'];
    const running = await secrets.start('killed', raise, { TF_VAR_discord_token: rotated });
    const lock = ['--bucket', 'states', '--key', 'secrets/terraform.tfstate.tflock'];
    const isLocked = () =>
      stacks()
        .aws('s3api', 'head-object', ...lock)
        .then(
          () => true,
          () => false,
        );
    while (running.isRunning() && !(await isLocked())) await sleep(50);
    process.kill(running.pid, 'SIGKILL');
    while (running.isRunning()) await sleep(50);
    const refused = await secrets.run(['plan', '-no-color'], { accept: 'any' });
    expect(refused.stderr).toMatch(/OperationTypeApply/);
    const [, id = ''] = /ID:\s+([0-9a-f-]{36})/.exec(refused.stderr) ?? [];
    expect(setUp).toContain('terraform force-unlock ID');
    await secrets.run(['force-unlock', '-force', id]);
    await secrets.run(raise, { env: { TF_VAR_discord_token: rotated } });
    expect(await stored()).toBe(rotated);
  }, 60_000);

  test('a parameter that exists already: what set-up.md says makes it again, and no state has the value', async () => {
    const { secrets, aws } = stacks();
    await secrets.run(['state', 'rm', 'module.secrets.aws_ssm_parameter.secret["discord_token"]']);
    const again = await secrets.run(apply, { env: CANARIES, accept: 'any' });
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('ParameterAlreadyExists');
    const advice = /`(aws ssm delete-parameter --name \/discord-bot\/discord_token)`/.exec(setUp)?.[1] ?? '';
    await aws(...advice.split(' ').slice(1));
    await secrets.run(apply, { env: CANARIES });
    expect(await stored()).toBe(CANARIES.TF_VAR_discord_token);
  }, 60_000);

  test('no secret is in a log, a plan, its JSON, an output, or any version of any state', async () => {
    const { bootstrap, stack, secrets, second, said, lab } = stacks();
    const all = [bootstrap, stack, secrets, second.bootstrap, second.stack, second.secrets];
    const plan = JSON.stringify(await secrets.planJson(CANARIES));
    const states = [...(await readStateVersions('states')), ...(await readStateVersions('second-states'))];
    expect(states.length).toBeGreaterThan(10);
    expect(states.filter((state) => state.includes('module.secrets')).length).toBeGreaterThan(4);
    // what the runs of all tests printed: applies that failed and that were refused, the force-unlock, each plan
    expect(said.length).toBeGreaterThan(20);
    expect(said.join('')).toContain('ParameterAlreadyExists');
    for (const text of [...said, plan, JSON.stringify(stacks().outputs), ...states])
      expect(text).not.toContain('CANARY');
    // a plan's file is an archive: it is shown first
    const plans = all.filter(({ folder }) => existsSync(join(folder, 'planned')));
    expect(plans).toContain(secrets);
    for (const { folder, run } of plans) {
      const { stdout } = await run(['show', '-json', join(folder, 'planned')]);
      expect(stdout.toString('utf8')).toMatch(/^\{"format_version"(?![\s\S]*CANARY)/);
    }
    // what lies in the folders, and what the processes wrote: the killed apply, moto, the calls of an apply
    const folders = [...all.map(({ folder }) => folder), lab.logs, lab.folder('calls')];
    const grep = ['grep', '--recursive', '--files-with-matches', 'CANARY', ...folders] as const;
    const found = await lab.exec([...grep] as [string, ...string[]], { accept: [0, 1] });
    // a provider that is kept logs as with TF_LOG=DEBUG, of which terraform/README.md warns: so the search does find
    const files = found.stdout.toString('utf8').trim().split('\n');
    const others = files.filter((file) => !/\/provider-secrets-\d+\.log$/.test(file));
    expect([files.length > 0, others]).toEqual([true, []]);
  }, 240_000);

  test('importing it would have written it into the state: why set-up.md says never to', async () => {
    const { lab, toolbox, env } = stacks();
    const copy = await openStack(lab, toolbox, { stack: 'secrets', variables: {}, env });
    await copy.run(
      ['import', '-no-color', 'module.secrets.aws_ssm_parameter.secret["discord_token"]', '/discord-bot/discord_token'],
      { env: CANARIES },
    );
    expect(readFileSync(join(copy.folder, 'terraform.tfstate'), 'utf8')).toContain('CANARY');
    expect(setUp).toContain('Never import a secret');
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
    const other = await stacks().second.stack.outputs(outputs);
    expect(other.parameter_path).toBe('/second-bot');
    expect(
      await stacks().aws('dynamodb', 'list-tables', '--region', 'eu-west-1', '--query', 'length(TableNames)'),
    ).toBe(4);
    expect(await stacks().aws('dynamodb', 'list-tables', '--query', 'length(TableNames)')).toBe(4);
    expect(other.policies['bot']).toContain(`arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/second-bot-sessions`);
    expect(other.policies['bot']).not.toContain('ca-central-1');
  }, 30_000);

  test('the trust policies of the plan let in whom they name', async () => {
    const plan = JSON.stringify(await stacks().bootstrap.planJson());
    for (const purpose of ['plan', 'apply', 'build-push', 'registry-read', 'retain']) {
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
      const anyWorkflow = plan.replaceAll(`/${purpose}.yml@refs/heads/main`, '/other.yml@refs/heads/main');
      const isRefused = ['apply', 'retain'].includes(purpose);
      expect(await runCommand(checkTrustFiles, argv, () => anyWorkflow)).toMatchObject({ exitCode: isRefused ? 1 : 0 });
    }
  }, 60_000);
});
