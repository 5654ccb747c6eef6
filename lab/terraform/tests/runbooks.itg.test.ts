import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeCost } from '#commands/cost.ts';
import { awsEnvironment } from '#lab/aws/aws.ts';
import { startMoto } from '#lab/aws/moto.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

const runbooks = join(repositoryRoot, 'docs/runbooks');
/** The others need AWS; this one needs git alone, and commands/tests/runbook.test.ts runs it. */
const files = [...readdirSync(runbooks).filter((file) => file !== 'rollback.md'), '../data.md'];
const blocks = files.flatMap((file) =>
  [...readFileSync(join(runbooks, file), 'utf8').matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', code = ''], index) =>
      [`${file}, block ${index + 1}`, code.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] as const,
  ),
);

/** A cluster that has one secret, in a file, and answers the three things that the runbook asks of it. */
const KUBECTL = [
  'case "$1" in',
  'apply) test "$*" = "apply -f -" && cat > aws-cluster.json;;',
  'auth) echo yes;;',
  '-n) jq -j .stringData.AWS_ACCESS_KEY_ID aws-cluster.json | base64 -w0;;',
  '*) exit 1;;',
  'esac',
].join(' ');

/** What a block needs that the reader has: here the old table, with two messages of one second. */
const GIVEN: Readonly<Record<string, string>> = {
  '../data.md, block 6': [
    'OLD=old_history NEW=chat_history',
    'trap \'aws dynamodb delete-table --table-name "$OLD" > old.json\' EXIT',
    'aws dynamodb create-table --table-name "$OLD" --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=thread_id,AttributeType=S AttributeName=created_at,AttributeType=S --key-schema AttributeName=thread_id,KeyType=HASH AttributeName=created_at,KeyType=RANGE > old.json',
    'for time in 2026-11-27T05:58:01Z 2026-11-27T05:58:01.123Z; do aws dynamodb put-item --table-name "$OLD" --item "{\\"thread_id\\": {\\"S\\": \\"t\\"}, \\"created_at\\": {\\"S\\": \\"$time\\"}, \\"expires_at\\": {\\"N\\": \\"1800000000\\"}}"; done',
    '',
  ].join('\n'),
};

/** What the blocks about keys say, errors first, and those that move a table. */
const SAID: Readonly<Record<string, RegExp>> = {
  'rotate-secrets.md, block 1': /^discord-bot-bot has the key (\w+)\n[\s\S]*"\1",\s+"Active"/,
  'rotate-secrets.md, block 2': /^discord-bot-cluster has the key (\w+)\nyes\n\1$/,
  'rotate-secrets.md, block 3':
    /^discord-bot-bot has the key \w+ alone: nothing to retire\ndiscord-bot-cluster .* alone/,
  '../data.md, block 5': /^"ACTIVE"\n"ACTIVE"\n$/,
  '../data.md, block 6': /^2\n2\n$/,
};

let lab: Lab;
let stack: Stack;
let env: Record<string, string>;
let folder: string;

const bash = async (script: string) => {
  // an old command line does not know AWS_ENDPOINT_URL, npm must find this project's scripts, and the cluster is a file
  const setUp = `set -euo pipefail\naws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\nnpm() { command npm --prefix ${JSON.stringify(repositoryRoot)} "$@"; }\nkubectl() { ${KUBECTL}; }\ncd ${JSON.stringify(folder)}\n`;
  return lab.exec(['bash', '-c', `${setUp}${script}`], { extraEnv: env });
};

beforeAll(async () => {
  const toolbox = await obtainTools(['terraform', 'moto'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const moto = await startMoto(lab, toolbox);
  folder = lab.folder('at-work');
  env = { ...awsEnvironment(`http://${moto}`), AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const variables = {
    discord_bot_id: '123456789012345678',
    discord_guild_id: '123456789012345678',
    litellm_base_url: 'https://llm.example.com',
  };
  stack = await openStack(lab, toolbox, { stack: 'aws', variables, env });
}, 120_000);

afterAll(async () => {
  await lab.stop();
});

test('docs/cost.md is what the plan costs', async () => {
  const plan = JSON.stringify(await stack.planJson());
  expect(readFileSync(join(repositoryRoot, 'docs/cost.md'), 'utf8')).toBe(writeCost('plan', plan));
}, 60_000);

describe('with the stack applied', () => {
  beforeAll(async () => {
    const secrets = {
      TF_VAR_discord_token: `${'a'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`,
      TF_VAR_litellm_api_key: 'sk-nothing',
    };
    await stack.run(['apply', '-no-color', '-auto-approve'], { env: secrets });
  }, 120_000);

  test.each(blocks)(
    '%s',
    async (name, script) => {
      if (name.startsWith('dead-letters'))
        await bash(
          'aws sqs send-message --queue-url "$(aws sqs get-queue-url --queue-name agentic-events-dlq --query QueueUrl --output text)" --message-body \'{"a": "b c"}\'',
        );
      const { stdout, stderr } = await bash(`${GIVEN[name] ?? ''}${script}`);
      expect(stderr).not.toMatch(/error/i);
      if (name in SAID) expect(`${stderr}${stdout}`).toMatch(SAID[name] ?? '');
    },
    60_000,
  );

  test('the redrive by hand moved every message, and the keys are where the runbook says', async () => {
    const count = async (queue: string) =>
      (
        await bash(
          `aws sqs get-queue-attributes --queue-url "$(aws sqs get-queue-url --queue-name ${queue} --query QueueUrl --output text)" --attribute-names ApproximateNumberOfMessages --query Attributes.ApproximateNumberOfMessages --output text`,
        )
      ).stdout
        .toString('utf8')
        .trim();
    expect(await count('agentic-events')).toBe('2');
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
  }, 30_000);
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
    const running = await stack.start('interrupted', [
      'apply',
      '-no-color',
      '-auto-approve',
      '-var',
      'queue_retention_seconds=3600',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 6000));
    process.kill(running.pid, 'SIGINT');
    while (running.isRunning()) await new Promise((resolve) => setTimeout(resolve, 100));
    await stack.run(['apply', '-no-color', '-auto-approve', '-var', 'queue_retention_seconds=3600']);
    expect((await stack.run(['state', 'list'])).stdout.toString('utf8')).toBe(before.stdout.toString('utf8'));
  }, 180_000);

  test('the teardown, in its order', async () => {
    const modules = join(stack.folder, '..', 'modules');
    cpSync(modules, join(folder, 'terraform/modules'), { recursive: true });
    const [, sed = ''] = /^2\. `([^`]+)`/m.exec(readFileSync(join(runbooks, 'teardown.md'), 'utf8')) ?? [];
    await bash(sed);
    for (const name of ['tables', 'repositories'])
      writeFileSync(join(modules, name, 'main.tf'), readFileSync(join(folder, 'terraform/modules', name, 'main.tf')));
    const destroy = ['destroy', '-no-color', '-auto-approve'];
    const refused = await stack.run(destroy, { accept: 'any' });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/protection/i);
    await stack.run(['apply', '-no-color', '-auto-approve', '-var', 'deletion_protection=false'], {
      env: {
        TF_VAR_discord_token: `${'a'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`,
        TF_VAR_litellm_api_key: 'sk-nothing',
      },
    });
    await bash(
      'for user in discord-bot-bot discord-bot-cluster; do for key in $(aws iam list-access-keys --user-name $user --query "AccessKeyMetadata[].AccessKeyId" --output text); do aws iam delete-access-key --user-name $user --access-key-id $key; done; done',
    );
    await stack.run([...destroy, '-var', 'deletion_protection=false']);
    const { stdout } = await bash(
      'aws dynamodb list-tables --query "TableNames" --output text; aws ecr describe-repositories --query "repositories[].repositoryName" --output text',
    );
    expect(stdout.toString('utf8').trim()).toBe('discord-messages-restored');
  }, 300_000);
});
