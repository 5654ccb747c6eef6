import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Statement } from '#core/aws/iam/policy.ts';
import { stacks } from '#lab/terraform/tests/applied-stacks.ts';
import { first, second } from '#lab/terraform/tests/identity-calls.ts';
import { rowsOf } from '#lab/terraform/tests/rights.ts';

const GITHUB = 'token.actions.githubusercontent.com';
const PROVIDER = `arn:aws:iam::123456789012:oidc-provider/${GITHUB}`;

/** What IAM calls an operation of an API, where it is not the operation's name. */
const ACTIONS: Readonly<Record<string, string>> = {
  's3:GetBucketAccelerateConfiguration': 's3:GetAccelerateConfiguration',
  's3:GetBucketCors': 's3:GetBucketCORS',
  's3:GetBucketEncryption': 's3:GetEncryptionConfiguration',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:GetBucketReplication': 's3:GetReplicationConfiguration',
  's3:GetObjectLockConfiguration': 's3:GetBucketObjectLockConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:HeadBucket': 's3:ListBucket',
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
};

/** Returns the actions of the calls in a log of the provider, once each; everyone may ask who it is. */
function readActions(log: string): string[] {
  const lines = readFileSync(log, 'utf8').split('\n');
  const calls = lines.flatMap((line) => {
    const [, method] = /rpc\.method=(\w+)/.exec(line) ?? [];
    const [, service] = /rpc\.service="?(\w+)/.exec(line) ?? [];
    return method === undefined || service === undefined ? [] : [`${service.toLowerCase()}:${method}`];
  });
  return [...new Set(calls.map((call) => ACTIONS[call] ?? call))]
    .filter((call) => call !== 'sts:GetCallerIdentity')
    .sort();
}

const allows = (statements: readonly Statement[]): string[] =>
  statements.flatMap(({ effect, actions = [] }) => (effect === 'Allow' ? actions : []));

describe('what the identities may, as it was applied', () => {
  test.each(['first', 'second'] as const)('of the %s tenant: what they need, and nothing else', (name) => {
    const rows = name === 'first' ? rowsOf(first, second) : rowsOf(second, first);
    const rights = stacks().rights[name];
    expect(rows.filter((row) => !row.holds(rights)).map(({ says }) => says)).toEqual([]);
  });

  test('a refresh asks for nothing that plan lacks, and an apply for nothing that apply lacks', async () => {
    const { bootstrap, stack, lab, rights, applyCalls } = stacks();
    const { plan, apply } = rights.first.policies;
    for (const [name, one] of Object.entries({ bootstrap, stack })) {
      const log = join(lab.folder('calls'), `${name}.log`);
      await one.run(['plan', '-no-color', '-lock=false'], { env: { TF_LOG: 'DEBUG', TF_LOG_PATH: log } });
      const asked = readActions(log);
      expect(asked.length).toBeGreaterThan(10);
      expect(asked.filter((action) => !allows(plan).includes(action))).toEqual([]);
    }
    const asked = readActions(applyCalls);
    expect(asked).toEqual(expect.arrayContaining(['iam:CreateUser', 'iam:PutUserPolicy', 'dynamodb:CreateTable']));
    expect(asked.filter((action) => !allows(apply).includes(action))).toEqual([]);
  }, 60_000);

  test('a boundary that was taken off a user is missed by the next plan, and put back', async () => {
    const { aws, second: of } = stacks();
    const user = ['--user-name', 'second-bot-bot'];
    const boundary = () =>
      aws('iam', 'get-user', ...user, '--query', 'User.PermissionsBoundary.PermissionsBoundaryArn');
    expect(await boundary()).toBe(second.boundary);
    await aws('iam', 'delete-user-permissions-boundary', ...user);
    expect(await boundary()).toBeNull();
    const { stdout } = await of.stack.run(['apply', '-no-color', '-auto-approve', '-target=module.identities']);
    expect(stdout.toString('utf8')).toContain(`+ permissions_boundary = "${second.boundary}"`);
    expect(await boundary()).toBe(second.boundary);
  }, 60_000);
});

describe("GitHub's OIDC provider", () => {
  test('without the audience it is refused, and the command that is printed adds it', async () => {
    const { aws, env, lab, second: of } = stacks();
    await aws('iam', 'create-open-id-connect-provider', '--url', `https://${GITHUB}/acme`, '--client-id-list', 'other');
    const plan = ['plan', '-no-color', `-var=issuer=${GITHUB}/acme`];
    const { code, stderr } = await of.bootstrap.run(plan, { accept: 'any' });
    expect(code).toBe(1);
    expect(stderr.replaceAll(/[\s│]+/g, ' ')).toContain('refuses tokens for sts.amazonaws.com. Add the audience, then');
    // indented, so that Terraform does not break the line
    const [, command = ''] = /^[\s│]* {2}(aws iam add-client-id.*)$/m.exec(stderr) ?? [];
    const setUp = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }';
    await lab.exec(['bash', '-c', `${setUp}\n${command}`], { extraEnv: env });
    await of.bootstrap.run(plan);
  }, 60_000);

  test('the state of an earlier version forgets it, and the account keeps it', async () => {
    const { aws, second: of } = stacks();
    const { stdout } = await of.bootstrap.run(['state', 'pull']);
    const state = z
      .looseObject({ serial: z.number(), resources: z.array(z.unknown()) })
      .parse(JSON.parse(stdout.toString('utf8')));
    const attributes = { arn: PROVIDER, id: PROVIDER, url: GITHUB, client_id_list: ['sts.amazonaws.com'] };
    const made = {
      mode: 'managed',
      type: 'aws_iam_openid_connect_provider',
      name: 'github',
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [{ index_key: 0, schema_version: 0, attributes, sensitive_attributes: [] }],
    };
    const earlier = join(of.bootstrap.folder, 'earlier.json');
    writeFileSync(
      earlier,
      JSON.stringify({ ...state, serial: state.serial + 1, resources: [...state.resources, made] }),
    );
    await of.bootstrap.run(['state', 'push', earlier]);
    const applied = await of.bootstrap.run(['apply', '-no-color', '-auto-approve']);
    expect(applied.stdout.toString('utf8')).toMatch(/github\[0\] will no longer be managed by Terraform/);
    expect((await of.bootstrap.run(['state', 'list'])).stdout.toString('utf8')).not.toMatch(
      /^aws_iam_openid_connect_provider/m,
    );
    const clients = ['--open-id-connect-provider-arn', PROVIDER, '--query', 'ClientIDList'];
    expect(await aws('iam', 'get-open-id-connect-provider', ...clients)).toEqual(['sts.amazonaws.com']);
  }, 60_000);
});
