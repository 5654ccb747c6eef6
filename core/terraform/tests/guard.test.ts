import { describe, expect, test } from '@jest/globals';
import { classify, planOf, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import { type Allowance, describeBlock, type GuardFinding, guardPlan } from '#core/terraform/guard.ts';

const FINGERPRINT = 'f'.repeat(64);

function guard(
  resources: readonly object[],
  allow: readonly Allowance[] = [],
  stateful: readonly string[] = [],
): GuardFinding[] {
  return guardPlan(classify(planOf(resources)), { stateful, allow, fingerprint: FINGERPRINT });
}

type Fields = Readonly<Record<string, unknown>>;
const change = (before: Fields, after: Fields, unknown: Fields = {}): Fields => ({
  before,
  after,
  after_unknown: unknown,
});

describe('what cannot be undone is found', () => {
  const cases: [string, object, string][] = [
    ['a table that goes', resource('aws_dynamodb_table.t', ['delete'], { before: { name: 't' } }), 'is destroyed'],
    [
      'a table whose whole block was removed, with its protection',
      resource(
        'aws_dynamodb_table.t',
        ['delete'],
        { before: { deletion_protection_enabled: true } },
        { action_reason: 'delete_because_no_resource_config' },
      ),
      'is destroyed',
    ],
    [
      'a table in a module',
      resource('module.tables["a b"].aws_dynamodb_table.this[0]', ['delete'], {}, { type: 'aws_dynamodb_table' }),
      'is destroyed',
    ],
    [
      'a queue that is replaced',
      resource('aws_sqs_queue.q', ['delete', 'create']),
      'is replaced, and what it holds goes with the old one',
    ],
    [
      'the new one first',
      resource('aws_sqs_queue.dlq', ['create', 'delete']),
      'is replaced, and what it holds goes with the old one',
    ],
    ['a repository that is forgotten', resource('aws_ecr_repository.r', ['forget']), 'is no longer managed'],
    [
      'one that is forgotten beside a new one',
      resource('aws_ecr_repository.r', ['create', 'forget']),
      'is no longer managed',
    ],
    [
      'an object that an interrupted replacement left',
      resource('aws_kms_key.k', ['delete'], {}, { deposed: 'ab12' }),
      'is destroyed (its deposed object ab12)',
    ],
    [
      'an action of a later Terraform',
      resource('aws_s3_bucket.b', ['vanish']),
      'gets an action that this guard does not know',
    ],
    [
      'a protection that goes off',
      resource(
        'aws_dynamodb_table.t',
        ['update'],
        change({ deletion_protection_enabled: true }, { deletion_protection_enabled: false }),
      ),
      'loses deletion_protection_enabled',
    ],
    [
      'a protection whose line was removed',
      resource('aws_dynamodb_table.t', ['update'], change({ deletion_protection_enabled: true }, {})),
      'loses deletion_protection_enabled',
    ],
    [
      'a protection that only apply will know',
      resource(
        'aws_db_instance.d',
        ['update'],
        change({ deletion_protection: true }, {}, { deletion_protection: true }),
      ),
      'loses deletion_protection',
    ],
    [
      'a protection in a word',
      resource(
        'aws_cognito_user_pool.u',
        ['update'],
        change({ deletion_protection: 'ACTIVE' }, { deletion_protection: 'INACTIVE' }),
      ),
      'loses deletion_protection',
    ],
    [
      'a force that goes on',
      resource('aws_ecr_repository.r', ['update'], change({ force_delete: false }, { force_delete: true })),
      'gets force_delete',
    ],
    [
      'a force that was not there',
      resource('aws_s3_bucket.b', ['update'], change({ bucket: 'b' }, { bucket: 'b', force_destroy: true })),
      'gets force_destroy',
    ],
    [
      'an import that unprotects',
      resource('aws_dynamodb_table.t', ['update'], {
        ...change({ deletion_protection_enabled: true }, {}),
        importing: { id: 't' },
      }),
      'loses deletion_protection_enabled',
    ],
    ['a parameter', resource('aws_ssm_parameter.p', ['delete']), 'is destroyed'],
    ['an OIDC provider', resource('aws_iam_openid_connect_provider.github', ['delete']), 'is destroyed'],
  ];
  test.each(cases)('%s', (_name, one, what) => {
    expect(guard([one])).toMatchObject([{ what, isAllowed: false }]);
  });

  test('a type that only this repository calls stateful', () => {
    const one = resource('terraform_data.t', ['delete']);
    expect([guard([one]).length, guard([one], [], ['terraform_data']).length]).toEqual([0, 1]);
  });
});

describe('what can be undone is not', () => {
  const cases: [string, object][] = [
    [
      'a new table',
      resource(
        'aws_dynamodb_table.t',
        ['create'],
        change({}, { deletion_protection_enabled: false, force_destroy: true }),
      ),
    ],
    [
      'a change of its time to live',
      resource(
        'aws_dynamodb_table.t',
        ['update'],
        change({ ttl: 1, deletion_protection_enabled: true }, { ttl: 2, deletion_protection_enabled: true }),
      ),
    ],
    [
      'a protection that goes on',
      resource(
        'aws_dynamodb_table.t',
        ['update'],
        change({ deletion_protection_enabled: false }, { deletion_protection_enabled: true }),
      ),
    ],
    [
      'a force that stays on',
      resource('aws_ecr_repository.r', ['update'], change({ force_delete: true, a: 1 }, { force_delete: true, a: 2 })),
    ],
    ['a role that goes', resource('aws_iam_role.r', ['delete'])],
    [
      'a table that moves',
      resource('aws_dynamodb_table.t', ['no-op'], {}, { previous_address: 'aws_dynamodb_table.s' }),
    ],
  ];
  test.each(cases)('%s', (_name, one) => {
    expect(guard([one])).toEqual([]);
  });
});

describe('an allowance', () => {
  const one = resource('aws_dynamodb_table.t', ['delete']);
  const allow = (address: string, fingerprint: string): Allowance[] => [{ address, fingerprint }];

  test('of this address in this plan lets it pass', () => {
    const findings = guard([one], allow('aws_dynamodb_table.t', FINGERPRINT));
    expect(findings).toMatchObject([{ isAllowed: true }]);
    expect(describeBlock(findings, FINGERPRINT)).toBeUndefined();
  });

  test.each([
    ['in another plan, as after a push', allow('aws_dynamodb_table.t', 'e'.repeat(64))],
    ['of another address', allow('aws_dynamodb_table.u', FINGERPRINT)],
  ])('%s is void', (_name, given) => {
    expect(guard([one], given)).toMatchObject([{ isAllowed: false }]);
  });

  test('of one of two leaves the other, which the sentence names with what to write', () => {
    const two = [one, resource('aws_sqs_queue.q', ['delete'])];
    const block = describeBlock(guard(two, allow('aws_dynamodb_table.t', FINGERPRINT)), FINGERPRINT);
    expect(block).toContain('cannot be undone: aws_sqs_queue.q is destroyed.');
    expect(block?.endsWith(`: aws_sqs_queue.q ${FINGERPRINT}`)).toBe(true);
  });

  test('many are counted', () => {
    const many = Array.from({ length: 8 }, (_one, at) => resource(`aws_sqs_queue.q${at}`, ['delete']));
    expect(describeBlock(guard(many), FINGERPRINT)).toContain('and 3 more');
  });
});
