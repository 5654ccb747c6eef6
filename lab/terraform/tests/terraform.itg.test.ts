import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { applyStacks, SECOND_STATES, stacks } from '#lab/terraform/tests/applied-stacks.ts';
import { listEverything } from '#lab/terraform/tests/left.ts';
import { allowDestroy, expectNoChanges } from '#lab/terraform/tests/plans.ts';
// their tests run in this file too, on the same stacks: an apply takes a minute
import '#lab/terraform/tests/account.ts';
import '#lab/terraform/tests/drift.ts';
import '#lab/terraform/tests/services.ts';
import '#lab/terraform/tests/state.ts';
import '#lab/terraform/tests/tenants.ts';

beforeAll(applyStacks, 300_000);

afterAll(async () => {
  await stacks().lab.stop();
});

test.each([
  ['stack', '-var=region=Canada', /region: 'Canada' is not an AWS region, such as ca-central-1/],
  ['stack', '-var=discord_bot_id=12', /discord_bot_id: '12' is not a Discord id, which has 17 to 20 digits/],
  ['stack', '-var=litellm_base_url=llm', /litellm_base_url: 'llm' is not an address; write it with its scheme/],
  ['stack', '-var=tables={session="x"}', /tables: session is not a table of this stack; the keys are sessions, exec/],
  ['stack', '-var=alarm_actions=[]', /alarm_actions: an alarm would reach no one; name a topic/],
  ['secrets', '-var=discord_token=Bot CANARY', /discord_token: the value is not a Discord bot token/],
] as const)(
  '%s: %s is refused with the remedy',
  async (stack, wrong, words) => {
    const { code, stderr } = await stacks().second[stack].run(['plan', '-no-color', wrong], { accept: 'any' });
    expect(code).not.toBe(0);
    expect(stderr.replaceAll(/[\s│]+/g, ' ')).toMatch(words);
    expect(stderr).not.toContain('CANARY');
  },
  60_000,
);

test('without credentials, it says so', async () => {
  const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  const { code, stderr } = await stacks().second.stack.run(['plan', '-no-color'], { env, accept: 'any' });
  expect([code, stderr]).toEqual([1, expect.stringContaining('No valid credential sources found')]);
}, 60_000);

test('the second tenant is destroyed, and nothing of the first has changed', async () => {
  const { second, stack, secrets, bootstrap, aws } = stacks();
  const before = await listEverything(aws, 'eu-west-1');
  expect(before.regional.length).toBeGreaterThan(15);
  expect(before.global.filter((name) => name.startsWith('second-')).length).toBeGreaterThan(8);
  for (const { folder } of [second.bootstrap, second.stack, second.secrets]) allowDestroy(folder);
  const destroy = ['destroy', '-no-color', '-auto-approve'];
  await second.stack.run(['apply', '-no-color', '-auto-approve', '-var', 'deletion_protection=false']);
  await Promise.all([second.stack.run([...destroy, '-var', 'deletion_protection=false']), second.secrets.run(destroy)]);
  await second.bootstrap.run(destroy);
  const { regional, global } = await listEverything(aws, 'eu-west-1');
  expect(regional).toEqual([]);
  expect(global.filter((name) => name.startsWith('second-'))).toEqual([SECOND_STATES]); // the bucket of this test
  await Promise.all([bootstrap, stack, secrets].map(expectNoChanges));
}, 300_000);
