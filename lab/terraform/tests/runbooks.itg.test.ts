import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { writeCost } from '#commands/cost.ts';
import { awsEnvironment } from '#lab/aws/aws.ts';
import { startMoto } from '#lab/aws/moto.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { ON_MOTO } from '#lab/terraform/tenant.ts';
import { openSecond, SECOND_CANARIES, SECOND_STATES, type TenantStacks } from '#lab/terraform/tests/applied-stacks.ts';
import { expectNoChanges } from '#lab/terraform/tests/plans.ts';
import { blocks, GIVEN, SAID, writeShell } from '#lab/terraform/tests/runbook-shell.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

/** The teardown comes last; the other runbooks stand on what is applied. */
const isLast = (name: string): boolean => name.startsWith('teardown.md');

let lab: Lab;
let stack: Stack;
let secrets: Stack;
let bootstrap: Stack;
/** Another tenant of the account, in another region. */
let second: TenantStacks;
let env: Record<string, string>;
let folder: string;

const bash = (script: string) =>
  lab.exec(['bash', '-c', `${writeShell(folder, [stack, bootstrap, secrets])}\n${script}`], {
    extraEnv: { ...env, TF_INPUT: '0' },
  });

/** A message whose body a command line would take for a file's name, and that has an attribute. */
const HOSTILE = { body: 'file:///etc/hostname', attributes: { kind: { DataType: 'String', StringValue: 'a "b" $c' } } };

const urlOf = (queue: string): string =>
  `"$(aws sqs get-queue-url --queue-name ${queue} --query QueueUrl --output text)"`;

/** Puts {@link HOSTILE} into a queue. */
async function send(queue: string): Promise<void> {
  const input = { MessageBody: HOSTILE.body, MessageAttributes: HOSTILE.attributes };
  await bash(`aws sqs send-message --queue-url ${urlOf(queue)} --cli-input-json '${JSON.stringify(input)}'`);
}

/** Returns the messages of a queue, which stay in it. */
async function look(queue: string): Promise<{ body: string; attributes: unknown }[]> {
  const found = await bash(
    `aws sqs receive-message --queue-url ${urlOf(queue)} --max-number-of-messages 10 --visibility-timeout 0 --message-attribute-names All`,
  );
  const text = found.stdout.toString('utf8');
  const messages = z.object({ Messages: z.array(z.object({ Body: z.string(), MessageAttributes: z.unknown() })) });
  if (text === '') return [];
  return messages.parse(JSON.parse(text)).Messages.map(({ Body, MessageAttributes }) => ({
    body: Body,
    attributes: MessageAttributes,
  }));
}

/** Who makes the runbooks' commits. */
const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

const blockOf = (name: string): string => blocks.find(([place]) => place === name)?.[1] ?? `false # no ${name}`;

const run = async (name: string, script = blockOf(name)): Promise<void> => {
  const { stdout, stderr } = await bash(script);
  expect(stderr).not.toMatch(/error/i);
  if (name in SAID) expect(`${stderr}${stdout}`).toMatch(SAID[name] ?? '');
};

/** A clone of a repository with the tenant's overlays, in which the runbooks' commits are made. */
async function openClone(): Promise<string> {
  const [origin, clone] = [lab.folder('origin'), join(lab.folder('at-work'), 'clone')];
  const git = (...args: string[]) => lab.exec(['git', ...args], { extraEnv: gitEnv });
  await git('init', '--quiet', '--bare', '--initial-branch=main', origin);
  await git('clone', '--quiet', origin, clone);
  for (const name of ['overlays', 'base']) cpSync(join(repositoryRoot, name), join(clone, name), { recursive: true });
  await git('-C', clone, 'add', '--all');
  await git('-C', clone, 'commit', '--quiet', '--message=a');
  await git('-C', clone, 'push', '--quiet', 'origin', 'main');
  return clone;
}

beforeAll(async () => {
  const toolbox = await obtainTools(['terraform', 'moto'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const moto = await startMoto(lab, toolbox);
  env = { ...gitEnv, ...awsEnvironment(`http://${moto}`), AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  stack = await openStack(lab, toolbox, { stack: 'aws', variables: ON_MOTO, env, keepsProvider: true });
  secrets = await openStack(lab, toolbox, { stack: 'secrets', variables: {}, env, keepsProvider: true });
  bootstrap = await openStack(lab, toolbox, { stack: 'bootstrap', variables: {}, env, keepsProvider: true });
  const place = '--create-bucket-configuration LocationConstraint=ca-central-1';
  folder = await openClone();
  await bash(`aws s3api create-bucket --bucket ${SECOND_STATES} ${place}`);
  second = await openSecond((name, variables, bucket) =>
    openStack(lab, toolbox, { stack: name, variables, env, bucket, keepsProvider: true }),
  );
  symlinkSync(join(stack.folder, '..'), join(folder, 'terraform'));
}, 120_000);

afterAll(async () => {
  await lab.stop();
});

test('docs/cost.md is what the plan costs', async () => {
  const plan = JSON.stringify(await stack.planJson());
  expect(readFileSync(join(repositoryRoot, 'docs/cost.md'), 'utf8')).toBe(writeCost('plan', plan));
}, 60_000);

describe('with the stacks applied', () => {
  beforeAll(async () => {
    const apply = ['apply', '-no-color', '-auto-approve'];
    await bash(
      'aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com',
    );
    await Promise.all([
      second.bootstrap.run(apply),
      second.stack.run(apply),
      second.secrets.run(apply, { env: SECOND_CANARIES }),
      bootstrap.run(apply),
      stack.run(apply),
      secrets.run(apply, {
        env: {
          TF_VAR_discord_token: `${'a'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`,
          TF_VAR_litellm_api_key: 'sk-nothing',
          TF_VAR_environment_secrets: JSON.stringify({
            staging: {
              discord_token: `${'d'.repeat(24)}.${'e'.repeat(6)}.${'f'.repeat(27)}`,
              litellm_api_key: 'sk-nothing',
            },
          }),
        },
      }),
    ]);
  }, 300_000);

  test('dead letters go back as they are, with their attributes', async () => {
    await send('agentic-events-dlq');
    await send('agentic-events-dlq');
    await run('dead-letters.md, block 1');
    await run('dead-letters.md, block 2');
    expect(await look('agentic-events')).toEqual([HOSTILE, HOSTILE]);
    expect(await look('agentic-events-dlq')).toEqual([]);
  }, 120_000);

  test('a queue gets another name, and no message is lost', async () => {
    await run('move-queue.md, block 1');
    for (const name of ['aws', 'bootstrap']) {
      const path = join(folder, 'terraform', name, 'terraform.tfvars');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"agentic-events"', '"events"'));
    }
    await bash('terraform -chdir=terraform/bootstrap apply');
    const { stdout } = await bash('terraform -chdir=terraform/aws apply');
    expect(stdout.toString('utf8')).toMatch(/aws_sqs_queue.source\["agentic_events"\] will be created/);
    expect(stdout.toString('utf8')).not.toMatch(/aws_sqs_queue\S* (?:will|must) be (?:destroyed|replaced)/);
    const move = blockOf('dead-letters.md, block 2');
    await bash(
      move.replace('agentic-events-dlq', 'agentic-events').replace(/(^to=.*--queue-name) agentic-events/m, '$1 events'),
    );
    expect(await look('events')).toEqual([HOSTILE, HOSTILE]);
    const empty = await bash(blockOf('move-queue.md, block 2'));
    expect(Object.values(JSON.parse(empty.stdout.toString('utf8')))).toEqual(['0', '0', '0']);
  }, 300_000);

  test.each(blocks.filter(([name]) => !isLast(name) && !/^(?:dead-letters|move-queue)/.test(name)))(
    '%s',
    (name, script) => run(name, (GIVEN[name] ?? '') + script.replaceAll('agentic-events', 'events')),
    120_000,
  );

  test('the restored table is under Terraform, the bot was stopped and runs again, and the keys are where they belong', async () => {
    expect(
      (await stack.outputs(z.looseObject({ table_names: z.record(z.string(), z.string()) }))).table_names,
    ).toMatchObject({ messages: 'discord-messages-restored' });
    const log = (await bash('git log --format=%s origin/main')).stdout.toString('utf8').split('\n');
    expect(log.slice(0, 2)).toEqual(['ops: start the bot again', 'ops: stop the bot while a table is restored']);
    expect((await bash('git diff --stat origin/main~2 origin/main -- overlays')).stdout.toString('utf8')).toBe('');
    const stored = async (name: string) =>
      (
        await bash(
          `aws ssm get-parameter --name /discord-bot/${name} --with-decryption --query Parameter.Value --output text`,
        )
      ).stdout.toString('utf8');
    expect(JSON.parse(await stored('bot_credentials'))).toEqual({
      AWS_ACCESS_KEY_ID: expect.any(String),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
    });
    expect(JSON.parse(await stored('cluster_credentials'))).toEqual({ AWS_ACCESS_KEY_ID: expect.any(String) });
  }, 60_000);
});

/** moto keeps the last use of a key: the moment of the last request that is signed with it. Only the clock is ours. */
describe('the keys of the cluster, with a kubectl that fails', () => {
  const rotate = 'npm run -s keys -- rotate cluster';
  const inCluster = 'jq -r .stringData.AWS_ACCESS_KEY_ID aws-cluster.json';
  const say = async (script: string): Promise<string> => {
    const { stdout, stderr } = await bash(script);
    return `${stderr}${stdout}`.trim();
  };
  /** Signs a request with the key that the cluster has; AWS's answer does not matter. */
  const use = () =>
    bash(
      'AWS_ACCESS_KEY_ID=$(jq -r .stringData.AWS_ACCESS_KEY_ID aws-cluster.json) AWS_SECRET_ACCESS_KEY=$(jq -r .stringData.AWS_SECRET_ACCESS_KEY aws-cluster.json) aws ssm describe-parameters > last-use.json',
    );

  test('each run keeps the key that the cluster has, and what it prints leads to a new one', async () => {
    await use();
    const first = await say(inCluster);
    expect(await say(`{ ${rotate} | true; } || true`)).toContain(`${first} goes on working`);
    const message = await say(`{ ${rotate} | kubectl apply -f - ; } 2>&1 || true`.replace('kubectl apply -f -', 'cat'));
    const [lookUp = '', inactive = '', retire = '', again = ''] = [...message.matchAll(/^ {2}(\S.*)$/gm)].map(
      ([, line = '']) => line,
    );
    expect(await say(lookUp)).toBe(first);
    await bash(inactive);
    expect(await say(retire)).toContain(`has the key ${first}; removed`);
    await bash(again);
    await use();
    const second = await say(inCluster);
    expect(second).not.toBe(first);
    expect(await say('npm run -s keys -- retire cluster 2>&1 || true')).toContain(
      `${first} was used less than 48 hours`,
    );
    expect(await say('npm run -s keys -- retire cluster --quiet-hours 0')).toBe(
      `discord-bot-cluster has the key ${second}; removed ${first}`,
    );
    await use();
  }, 120_000);

  test('a secret that no one reads is said to be lost', async () => {
    expect(await say(`{ ${rotate} | (exec 0<&-; sleep 5; exit 1); } 2>&1 || true`)).toContain(
      'No one read the secret, which is lost. Run the same command again: it says how to go on.',
    );
    expect(await say(`${rotate} 2>&1 > /dev/null || true`)).toContain('would go to /dev/null');
  }, 60_000);
});

describe('the applied stack', () => {
  test('an apply that is interrupted and repeated loses nothing', async () => {
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
    const manifest =
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"sha256:a","size":1},"layers":[]}';
    await bash(
      `aws ecr put-image --repository-name discord-bot --image-tag in-1 --image-manifest '${manifest}' >/dev/null`,
    );
    const refused = await stack.run(['destroy', '-no-color', '-auto-approve'], { accept: 'any' });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('prevent_destroy')]);
    for (const [name] of blocks.filter(([name]) => isLast(name))) await run(name);
    const left = await bash(
      [
        'aws dynamodb list-tables --query "TableNames" --output text',
        'aws ecr describe-repositories --query "repositories[].repositoryName" --output text',
        'aws ssm describe-parameters --query "Parameters[].Name" --output text',
        'aws iam list-users --query "Users[].UserName" --output text',
        'aws iam list-roles --query "Roles[].RoleName" --output text',
        'aws s3api list-buckets --query "Buckets[].Name" --output text',
        'aws iam list-open-id-connect-providers --query "OpenIDConnectProviderList[].Arn" --output text',
      ].join('\n'),
    );
    expect(
      left.stdout
        .toString('utf8')
        .split(/\s+/)
        .filter((word) => word !== '' && !word.startsWith('second-')),
    ).toEqual([
      'discord-messages', // what was restored is beside it, and was destroyed
      expect.stringContaining('oidc-provider/token.actions.githubusercontent.com'),
    ]);
    await Promise.all([second.bootstrap, second.stack, second.secrets].map(expectNoChanges));
  }, 400_000);
});
