import { beforeAll, describe, expect, test } from '@jest/globals';
import { blockOf } from '#lab/terraform/tests/runbook-shell.ts';
import { paste, pasted, stage, tokenOf } from '#lab/terraform/tests/runbook-stage.ts';

const readParameter = async (name: string): Promise<unknown> =>
  stage().aws('ssm', 'get-parameter', '--name', name, '--with-decryption', '--query', 'Parameter.Value');

/** Pastes blocks of rotate-secrets.md into one shell, with what a person types after the one that asks. */
async function rotate(edit: string, numbers: readonly number[], typed: string): Promise<string> {
  const names = numbers.map((number) => `rotate-secrets.md, block ${number}`);
  for (const name of names) pasted.add(name);
  const script = names.map((name) => blockOf(name).replace(/(read -rs \w+)/, `$1 <<<'${typed}'`)).join('');
  const { stdout, stderr } = await stage().bash(script, { env: { EDIT: edit } });
  return `${stdout}${stderr}`;
}

/** The blocks: the number, the value, staging's value, its form, the apply, the end. */
const [NUMBER, VALUE, STAGING, FORM, APPLY, END] = [1, 2, 3, 4, 5, 6];
const ONE_CHANGED = /Apply complete! Resources: 0 added, 1 changed, 0 destroyed/;

describe('a secret that Terraform writes', () => {
  const file = 'terraform/secrets/terraform.tfvars';

  test('a new token arrives; a rotation of another secret lowers and repeats nothing', async () => {
    const token = await rotate('s/discord_token = 1/discord_token = 2/', [NUMBER, VALUE, APPLY, END], tokenOf('n'));
    expect(token).toMatch(ONE_CHANGED);
    const raise = 's/litellm_api_key = 1/litellm_api_key = 1, "staging\\/discord_token" = 2/';
    const staging = await rotate(raise, [NUMBER, STAGING, FORM, APPLY, END], tokenOf('s'));
    expect(staging).toMatch(ONE_CHANGED);
    expect(await readParameter('/discord-bot/discord_token')).toBe(tokenOf('n'));
    expect(await readParameter('/discord-bot-staging/discord_token')).toBe(tokenOf('s'));
    expect(await readParameter('/discord-bot/litellm_api_key')).toBe('sk-nothing');
    const { stdout } = await stage().bash(`git log --format=%s -2; git show HEAD:${file}`);
    expect(stdout).toMatch(/^ops: rotate a secret\nops: rotate a secret\n/);
    expect(stdout).toContain('{ discord_token = 2, litellm_api_key = 1, "staging/discord_token" = 2 }');
  }, 120_000);

  test("without its value, the apply says what helps: staging's goes another way than the first's", async () => {
    const { secrets } = stage();
    for (const [raise, missing] of [
      [
        '{discord_token=3, "staging/discord_token"=2}',
        'the value of discord_token is missing: its version is raised to 3, so set TF_VAR_discord_token for this apply',
      ],
      [
        '{discord_token=2, "staging/discord_token"=3}',
        'the value of staging/discord_token is missing: its version is raised to 3, so set TF_VAR_environment_secrets for this apply, JSON with discord_token of staging',
      ],
    ]) {
      const apply = ['apply', '-no-color', '-auto-approve', `-var=secret_versions=${raise}`];
      const { code, stderr } = await secrets.run(apply, { accept: 'any' });
      expect([code, stderr.replaceAll(/[\s│]+/g, ' ')]).toEqual([1, expect.stringContaining(missing ?? '')]);
    }
    expect(await readParameter('/discord-bot/discord_token')).toBe(tokenOf('n'));
  }, 60_000);
});

describe('access keys', () => {
  test('a second key of the bot is where it is read from', async () => {
    const { stdout, stderr } = await paste('rotate-secrets.md, block 7');
    expect(`${stderr}${stdout}`).toMatch(/^discord-bot-bot has the key (\w+)\n[\s\S]*"\1",\s+"Active"/);
    expect(JSON.parse(String(await readParameter('/discord-bot/bot_credentials')))).toEqual({
      AWS_ACCESS_KEY_ID: expect.any(String),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
    });
  }, 60_000);

  test('and one of the cluster: its secret is in the cluster alone', async () => {
    const { stdout, stderr } = await paste('rotate-secrets.md, block 8');
    expect(`${stderr}${stdout}`).toMatch(/^discord-bot-cluster has the key (\w+)\nyes\n\1$/);
    const stored = JSON.parse(String(await readParameter('/discord-bot/cluster_credentials')));
    expect(stored).toEqual({ AWS_ACCESS_KEY_ID: expect.any(String) });
  }, 60_000);

  test('a key that is the only one stays', async () => {
    const { stderr } = await paste('rotate-secrets.md, block 9');
    expect(stderr).toMatch(/^discord-bot-bot has the key \w+ alone: nothing to retire\ndiscord-bot-cluster .* alone/);
  }, 60_000);

  test('a key that was made inactive is active again', async () => {
    const { aws } = stage();
    const user = ['--user-name', 'discord-bot-cluster'];
    const ask = async (what: string) =>
      String(await aws('iam', 'list-access-keys', ...user, '--query', `AccessKeyMetadata[0].${what}`));
    const id = await ask('AccessKeyId');
    await aws('iam', 'update-access-key', ...user, '--access-key-id', id, '--status', 'Inactive');
    await paste('rotate-secrets.md, block 10', { change: (block) => block.replace('AKIA…', id) });
    expect(await ask('Status')).toBe('Active');
  }, 60_000);
});

/** moto keeps the last use of a key: the moment of the last request that is signed with it. Only the clock is ours. */
describe('the keys of the cluster, with a kubectl that fails', () => {
  const rotate = 'npm run -s keys -- rotate cluster';
  const inCluster = 'jq -r .stringData.AWS_ACCESS_KEY_ID aws-cluster.json';
  const say = async (script: string): Promise<string> => {
    const { stdout, stderr } = await stage().bash(script);
    return `${stderr}${stdout}`.trim();
  };
  /** Signs a request with the key that the cluster has; AWS's answer does not matter. */
  const use = () =>
    stage().bash(
      'AWS_ACCESS_KEY_ID=$(jq -r .stringData.AWS_ACCESS_KEY_ID aws-cluster.json) AWS_SECRET_ACCESS_KEY=$(jq -r .stringData.AWS_SECRET_ACCESS_KEY aws-cluster.json) aws ssm describe-parameters > last-use.json',
    );
  beforeAll(use);

  test('each run keeps the key that the cluster has, and what it prints leads to a new one', async () => {
    const first = await say(inCluster);
    expect(await say(`{ ${rotate} | true; } || true`)).toContain(`${first} goes on working`);
    const message = await say(`{ ${rotate} | kubectl apply -f - ; } 2>&1 || true`.replace('kubectl apply -f -', 'cat'));
    const [lookUp = '', inactive = '', retire = '', again = ''] = [...message.matchAll(/^ {2}(\S.*)$/gm)].map(
      ([, line = '']) => line,
    );
    expect(await say(lookUp)).toBe(first);
    await stage().bash(inactive);
    expect(await say(retire)).toContain(`has the key ${first}; removed`);
    await stage().bash(again);
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
