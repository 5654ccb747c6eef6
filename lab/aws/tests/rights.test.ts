import { expect, test } from '@jest/globals';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import { createRights, type UserRights } from '#lab/aws/rights.ts';

const allow = (Action: string, Resource: string) =>
  parsePolicy('a policy', { Version: '2012-10-17', Statement: { Effect: 'Allow', Action, Resource } });
const parameter = 'arn:aws:ssm:ca-central-1:123456789012:parameter/discord-bot-staging/discord_token';
const everything = allow('*', '*');
const staging: UserRights = {
  user: 'discord-bot-staging-cluster',
  isActive: true,
  policies: allow('ssm:GetParameter', parameter),
  boundary: everything,
};

const ask = (key: string, target: string, body: object, known: UserRights | undefined = staging) =>
  createRights(async () => known).judge(
    {
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/ca-central-1/ssm/aws4_request`,
        'x-amz-target': target,
      },
    },
    JSON.stringify(body),
  );
const GET = 'AmazonSSM.GetParameter';

test("a user reads what its policy names, and another environment's parameter not", async () => {
  expect(await ask('AKIA1', GET, { Name: '/discord-bot-staging/discord_token' })).toBeUndefined();
  expect(await ask('AKIA1', GET, { Name: '/discord-bot/discord_token' })).toEqual({
    type: 'AccessDeniedException',
    message:
      'User: arn:aws:iam::123456789012:user/discord-bot-staging-cluster is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:ca-central-1:123456789012:parameter/discord-bot/discord_token because no identity-based policy allows the ssm:GetParameter action',
  });
});

test.each<[string, object]>([
  ['AmazonSSM.GetParametersByPath', { Path: '/discord-bot-staging/' }],
  ['AmazonSSM.GetParameters', { Names: ['/discord-bot-staging/discord_token', '/discord-bot/discord_token'] }],
  ['AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken', {}],
  ['DynamoDB_20120810.GetItem', { TableName: 'chat_history' }],
  ['AmazonSQS.ReceiveMessage', { QueueUrl: 'https://sqs.ca-central-1.amazonaws.com/123456789012/agentic-events' }],
])('%s %j is denied', async (target, body) => {
  expect(await ask('AKIA1', target, body)).toMatchObject({ type: 'AccessDeniedException' });
});

test('the boundary denies what the policy allows', async () => {
  const bounded = { ...staging, policies: everything, boundary: allow('ssm:GetParameter', 'arn:aws:ssm:::none') };
  expect(await ask('AKIA1', GET, { Name: '/discord-bot/discord_token' }, bounded)).toMatchObject({
    message: expect.stringContaining('is not authorized'),
  });
});

test('a key that is inactive or gone is not known; roles and the lab itself are let in', async () => {
  const name = { Name: '/discord-bot-staging/discord_token' };
  const unknown = { type: 'UnrecognizedClientException', message: expect.stringContaining('security token') };
  expect(await ask('AKIA1', GET, name, { ...staging, isActive: false })).toEqual(unknown);
  const nobody = createRights(async () => undefined);
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=AKIA2/x', 'x-amz-target': GET };
  expect(await nobody.judge({ headers }, JSON.stringify(name))).toEqual(unknown);
  for (const key of ['ASIA1', 'lab']) expect(await ask(key, GET, { Name: '/anything' })).toBeUndefined();
});

test('what AWS was asked is believed for three seconds', async () => {
  let [asked, now] = [0, 0];
  const rights = createRights(
    async () => {
      asked++;
      return staging;
    },
    () => now,
  );
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=AKIA1/x', 'x-amz-target': GET };
  for (const at of [0, 500, 2_999, 3_001]) {
    now = at;
    await rights.judge({ headers }, JSON.stringify({ Name: '/a' }));
  }
  expect(asked).toBe(2);
});
