import { describe, expect, test } from '@jest/globals';
import { planOf, read, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import { fingerprintPlan } from '#core/terraform/fingerprint.ts';
import { classifyPlan } from '#core/terraform/plan/classify.ts';

type More = Readonly<Record<string, unknown>>;

function fingerprint(resources: readonly object[], more: More = {}): string {
  const file = read(planOf(resources, more));
  return fingerprintPlan(classifyPlan(file), file.timestamp);
}

/** A replacement by timestamp(), as Terraform plans it. */
function clocked(before: string): object {
  return resource('terraform_data.clock', ['delete', 'create'], {
    before: { id: before, input: 'one', output: 'one', triggers_replace: before },
    after: { input: 'one' },
    after_unknown: { id: true, output: true, triggers_replace: true },
  });
}

const update = (before: More, after: More, more: More = {}): object =>
  resource('aws_sqs_queue.a', ['update'], { before, after, ...more });

describe('the same', () => {
  test('64 digits, whatever the order of resources and keys', () => {
    const [one, other] = [
      update({ a: 1, b: 2 }, { a: 2, b: 2 }),
      resource('aws_sqs_queue.b', ['create'], { after: {} }),
    ];
    expect(fingerprint([one, other])).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint([one, other])).toBe(fingerprint([other, update({ b: 2, a: 1 }, { b: 2, a: 2 })]));
  });

  test('a resource that timestamp() triggers, before and after another apply', () => {
    expect(fingerprint([clocked('2026-11-26T00:00:00Z')])).toBe(fingerprint([clocked('2026-11-27T00:00:00Z')]));
  });

  test('a value of plantimestamp()', () => {
    const at = (timestamp: string): string =>
      fingerprint([update({ at: 'then' }, { at: `planned ${timestamp}`, list: [timestamp] })], { timestamp });
    expect(at('2026-11-26T00:00:00Z')).toBe(at('2026-11-27T00:00:00Z'));
  });

  test('what is only read, what drifted and what stays', () => {
    const one = update({ a: 1 }, { a: 2 });
    const more = [resource('data.x.y', ['read'], { after: { q: 1 } }), resource('aws_sqs_queue.z', ['no-op'])];
    expect(fingerprint([one, ...more], { resource_drift: [update({ d: 1 }, { d: 2 })] })).toBe(fingerprint([one]));
  });

  test('another secret that changes: what is printed must not let anyone try values out', () => {
    const secret = (value: string): string =>
      fingerprint([
        update({ p: 'old' }, { p: value }, { before_sensitive: { p: true }, after_sensitive: { p: true } }),
      ]);
    expect(secret('hunter2')).toBe(secret('hunter3'));
    expect(secret('hunter2')).not.toBe(secret('old'));
  });
});

describe('another one', () => {
  const base = fingerprint([update({ a: 1 }, { a: 2 })]);
  const others: [string, () => string][] = [
    [
      'another address',
      () => fingerprint([resource('aws_sqs_queue.b', ['update'], { before: { a: 1 }, after: { a: 2 } })]),
    ],
    [
      'another action',
      () => fingerprint([resource('aws_sqs_queue.a', ['delete', 'create'], { before: { a: 1 }, after: { a: 2 } })]),
    ],
    ['another value before', () => fingerprint([update({ a: 0 }, { a: 2 })])],
    ['another value after', () => fingerprint([update({ a: 1 }, { a: 3 })])],
    ['one more change', () => fingerprint([update({ a: 1 }, { a: 2 }), resource('a.b', ['create'])])],
    [
      'an output',
      () => fingerprint([update({ a: 1 }, { a: 2 })], { output_changes: { o: { actions: ['create'], after: 1 } } }),
    ],
    [
      'a move',
      () => fingerprint([update({ a: 1 }, { a: 2 }), resource('a.b', ['no-op'], {}, { previous_address: 'a.c' })]),
    ],
    [
      'a deposed object',
      () => fingerprint([update({ a: 1 }, { a: 2 }), resource('a.b', ['delete'], {}, { deposed: '00' })]),
    ],
  ];
  test.each(others)('%s', (_name, make) => {
    expect(make()).not.toBe(base);
  });
});
