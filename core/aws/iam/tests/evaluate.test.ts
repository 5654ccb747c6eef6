import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Call, evaluatePolicies } from '#core/aws/iam/evaluate.ts';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import { matchesArn, matchesWildcard } from '#core/aws/iam/wildcard.ts';

const QUEUE = 'arn:aws:sqs:ca-central-1:123456789012:agentic-events';
const TABLE = 'arn:aws:dynamodb:ca-central-1:123456789012:table/chat_history';
const VARIABLE = ['$', '{aws:username}'].join('');
const INDEX = `${TABLE}/index/TimestampIndex`;

const allow = (parts: object = {}) => ({ Sid: 'Allow', Effect: 'Allow', Action: 'sqs:*', Resource: '*', ...parts });
const deny = (parts: object = {}) => ({ ...allow(parts), Sid: 'Deny', Effect: 'Deny' });
const under = (Condition: object, parts: object = {}) => allow({ Condition, ...parts });
const judge = (statements: object[], call: Partial<Call> = {}) =>
  evaluatePolicies(parsePolicy('policy', { Version: '2012-10-17', Statement: statements }), {
    action: 'sqs:SendMessage',
    resource: QUEUE,
    ...call,
  });
const context = (key: string, ...values: string[]): Partial<Call> => ({ context: { [key]: values } });

describe('what fits, and which statement wins', () => {
  test.each<[string, object[], Partial<Call>, string, string | undefined]>([
    ['nothing says so', [allow({ Action: 'sqs:ReceiveMessage' })], {}, 'denied', undefined],
    ['an action written out', [allow({ Action: 'sqs:SendMessage' })], {}, 'allowed', 'Allow'],
    ['an action in other capitals', [allow({ Action: 'SQS:sendmessage' })], {}, 'allowed', 'Allow'],
    ['an action by *', [allow({ Action: 'sqs:Send*' })], {}, 'allowed', 'Allow'],
    ['an action by ?', [allow({ Action: 'sqs:SendMessag?' })], {}, 'allowed', 'Allow'],
    ['? is one character, not none', [allow({ Action: 'sqs:SendMessage?' })], {}, 'denied', undefined],
    ['one action of several', [allow({ Action: ['sqs:GetQueueUrl', 'sqs:SendMessage'] })], {}, 'allowed', 'Allow'],
    ['every action', [allow({ Action: '*' })], {}, 'allowed', 'Allow'],
    ['another service', [allow()], { action: 'sns:Publish' }, 'denied', undefined],
    ['a longer action than the one allowed', [allow({ Action: 'sqs:Send' })], {}, 'denied', undefined],
    ['NotAction of another', [allow({ Action: undefined, NotAction: 'iam:*' })], {}, 'allowed', 'Allow'],
    [
      'NotAction of this one',
      [allow({ Action: undefined, NotAction: ['iam:*', 'sqs:Send*'] })],
      {},
      'denied',
      undefined,
    ],
    ['a resource written out', [allow({ Resource: QUEUE })], {}, 'allowed', 'Allow'],
    [
      'a resource in other capitals',
      [allow({ Resource: QUEUE.toUpperCase().replace('ARN', 'arn') })],
      {},
      'denied',
      undefined,
    ],
    ['another queue', [allow({ Resource: QUEUE })], { resource: `${QUEUE}-dlq` }, 'denied', undefined],
    ['a resource by *', [allow({ Resource: `${QUEUE}*` })], { resource: `${QUEUE}-dlq` }, 'allowed', 'Allow'],
    ['an incomplete ARN', [allow({ Resource: 'arn:aws:sqs:*' })], {}, 'allowed', 'Allow'],
    ['a table is not its index', [allow({ Action: '*', Resource: TABLE })], { resource: INDEX }, 'denied', undefined],
    [
      'an index by *, over slashes',
      [allow({ Action: '*', Resource: `${TABLE}/*` })],
      { resource: INDEX },
      'allowed',
      'Allow',
    ],
    [
      'an index is not its table',
      [allow({ Action: '*', Resource: `${TABLE}/index/*` })],
      { resource: TABLE },
      'denied',
      undefined,
    ],
    ['a call without a resource', [allow()], { resource: '*' }, 'allowed', 'Allow'],
    ['such a call under one resource', [allow({ Resource: QUEUE })], { resource: '*' }, 'denied', undefined],
    ['NotResource of another', [allow({ Resource: undefined, NotResource: TABLE })], {}, 'allowed', 'Allow'],
    [
      'NotResource of this one',
      [allow({ Resource: undefined, NotResource: 'arn:aws:sqs:*' })],
      {},
      'denied',
      undefined,
    ],
    ['a deny wins, after', [allow(), deny()], {}, 'explicitly denied', 'Deny'],
    ['a deny wins, before', [deny(), allow()], {}, 'explicitly denied', 'Deny'],
    ['a deny of something else', [allow(), deny({ Action: 'sqs:PurgeQueue' })], {}, 'allowed', 'Allow'],
    ['a deny alone', [deny()], {}, 'explicitly denied', 'Deny'],
    [
      'a deny by NotAction',
      [allow(), deny({ Action: undefined, NotAction: 'sqs:Get*' })],
      {},
      'explicitly denied',
      'Deny',
    ],
    ['the second allow', [allow({ Sid: 'First', Action: 'a:B' }), allow({ Sid: 'Second' })], {}, 'allowed', 'Second'],
    ['a statement without Sid', [allow({ Sid: undefined })], {}, 'allowed', 'statement 1'],
  ])('%s', (_name, statements, call, decision, by) => expect(judge(statements, call)).toEqual({ decision, by }));
});

/** Each row: the condition, the request's values of the key `k`, whether it holds. */
const CONDITIONS: [object, string[], boolean][] = [
  [{ StringEquals: { k: 'a' } }, ['a'], true],
  [{ StringEquals: { k: 'a' } }, ['A'], false],
  [{ StringEquals: { k: ['b', 'a'] } }, ['a'], true],
  [{ StringEquals: { k: 'a*' } }, ['ab'], false],
  [{ StringEquals: { k: 'a' } }, [], false],
  [{ StringEquals: { K: 'a' } }, ['a'], true],
  [{ StringEquals: { k: 'a' }, StringLike: { k: 'b*' } }, ['a'], false],
  [{ StringEquals: { k: 'a', other: 'b' } }, ['a'], false],
  [{ StringEqualsIgnoreCase: { k: 'a' } }, ['A'], true],
  [{ StringNotEquals: { k: 'a' } }, ['b'], true],
  [{ StringNotEquals: { k: ['a', 'b'] } }, ['b'], false],
  [{ StringNotEquals: { k: 'a' } }, [], true],
  [{ StringNotEqualsIgnoreCase: { k: 'a' } }, ['A'], false],
  [{ StringLike: { k: 'a*c' } }, ['abbc'], true],
  [{ StringLike: { k: 'a?c' } }, ['abbc'], false],
  [{ StringLike: { k: 'a.c' } }, ['abc'], false],
  [{ StringNotLike: { k: 'a*' } }, ['ab'], false],
  [{ StringNotLike: { k: 'a*' } }, [], true],
  [{ StringEqualsIfExists: { k: 'a' } }, [], true],
  [{ StringEqualsIfExists: { k: 'a' } }, ['b'], false],
  [{ Null: { k: true } }, [], true],
  [{ Null: { k: 'true' } }, ['a'], false],
  [{ Null: { k: 'false' } }, ['a'], true],
  [{ Null: { k: 'false' } }, [], false],
  [{ Bool: { k: false } }, ['False'], true],
  [{ Bool: { k: 'true' } }, ['false'], false],
  [{ Bool: { k: 'true' } }, [], false],
  [{ BoolIfExists: { k: 'true' } }, [], true],
  [{ NumericEquals: { k: 10 } }, ['10.0'], true],
  [{ NumericNotEquals: { k: 10 } }, ['10.0'], false],
  [{ NumericLessThan: { k: 10 } }, ['9'], true],
  [{ NumericLessThanEquals: { k: 10 } }, ['10'], true],
  [{ NumericGreaterThan: { k: 9 } }, ['10'], true],
  [{ NumericGreaterThanEquals: { k: 10 } }, ['9'], false],
  [{ NumericGreaterThan: { k: 9 } }, [], false],
  [{ ArnEquals: { k: 'arn:aws:sqs:*:123456789012:agentic-*' } }, [QUEUE], true],
  [{ ArnLike: { k: 'arn:aws:sqs:*:agentic-events' } }, [QUEUE], false],
  [{ ArnLike: { k: 'arn:aws:*' } }, [QUEUE], false],
  [{ ArnNotLike: { k: 'arn:aws:sqs:*:*:*' } }, [QUEUE], false],
  [{ ArnNotEquals: { k: QUEUE } }, [], true],
  [{ 'ForAnyValue:StringEquals': { k: ['a', 'b'] } }, ['x', 'b'], true],
  [{ 'ForAnyValue:StringEquals': { k: ['a', 'b'] } }, ['x', 'y'], false],
  [{ 'ForAnyValue:StringEquals': { k: 'a' } }, [], false],
  [{ 'ForAnyValue:StringNotEquals': { k: 'a' } }, ['a', 'b'], true],
  [{ 'ForAnyValue:StringNotEquals': { k: 'a' } }, [], false],
  [{ 'ForAllValues:StringLike': { k: ['a*', 'b'] } }, ['ab', 'b'], true],
  [{ 'ForAllValues:StringLike': { k: ['a*', 'b'] } }, ['ab', 'c'], false],
  [{ 'ForAllValues:StringEquals': { k: 'a' } }, [], true],
  [{ 'ForAllValues:StringEquals': { k: 'a' }, Null: { k: 'false' } }, [], false],
  [{ 'ForAllValues:StringNotEquals': { k: 'a' } }, ['b', 'a'], false],
];

describe('conditions', () => {
  test.each(CONDITIONS)('%j with %j: %s', (condition, values, holds) => {
    expect(judge([under(condition)], context('k', ...values)).decision).toBe(holds ? 'allowed' : 'denied');
    expect(judge([allow(), deny({ Condition: condition })], context('k', ...values)).decision).toBe(
      holds ? 'explicitly denied' : 'allowed',
    );
  });

  test('a key that the request does not name is as one without values', () => {
    expect(judge([under({ Null: { k: 'true' } })]).decision).toBe('allowed');
  });

  test("capitals of the request's keys do not count", () => {
    const condition = under({ Bool: { 'aws:securetransport': 'true' } });
    expect(judge([condition], context('aws:SecureTransport', 'true')).decision).toBe('allowed');
  });
});

test.each<[string, object, Partial<Call>, string]>([
  ['an address', under({ IpAddress: { k: '10.0.0.0/8' } }), {}, 'the condition operator IpAddress on k is not judged'],
  [
    'a date',
    under({ DateLessThan: { k: '2026-01-01' } }),
    context('k', '2025-01-01'),
    'DateLessThan on k is not judged',
  ],
  [
    'a variable in a resource',
    allow({ Resource: `arn:aws:s3:::b/${VARIABLE}` }),
    {},
    'Allow: Resource: the policy variable',
  ],
  [
    'a variable in a value',
    under({ StringNotEquals: { k: VARIABLE } }),
    context('k', 'a'),
    'the condition on k: the policy variable',
  ],
  [
    'several values for one',
    under({ StringEquals: { k: ['a', 'b'] } }),
    context('k', 'a', 'b'),
    'write ForAnyValue:StringEquals or',
  ],
  ['no number', under({ NumericEquals: { k: 'ten' } }), context('k', '10'), '"ten" is not a number'],
  ['no truth value', under({ Bool: { k: 'yes' } }), context('k', 'true'), '"yes" is neither true nor false'],
  ['a policy of a resource', allow({ Principal: '*' }), {}, 'Allow has a Principal'],
  ['no action', allow({ Action: undefined }), {}, 'Allow has neither Action nor NotAction'],
  ['no resource', allow({ Resource: undefined }), {}, 'Allow has neither Resource nor NotResource'],
  ['a resource that is not an ARN', allow({ Resource: 'queue' }), {}, 'Resource "queue" is not an ARN'],
  ['a call of several actions', allow(), { action: 'sqs:*' }, 'action: "sqs:*" is not one action'],
  [
    'an unknown operator',
    under({ StringEqual: { k: 'a' } }),
    {},
    'the operator "StringEqual" is not known; did you mean "StringEquals"?',
  ],
  ['an unknown quantifier', under({ 'ForAll:Bool': { k: 'a' } }), {}, 'the operator "ForAll:Bool" is not known'],
  [
    'NullIfExists',
    under({ NullIfExists: { k: 'true' } }),
    {},
    'the operator "NullIfExists" is not known; did you mean "Null"?',
  ],
])('refused rather than guessed: %s', (_name, statement, call, message) => {
  expect(() => judge([statement], call)).toThrow(message);
});

describe('wildcards', () => {
  test('as a regular expression would have them', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
        expect(matchesWildcard(pattern, text)).toBe(expression.test(text));
      }),
      { numRuns: 5000 },
    );
  });

  test('many stars take no longer than few', () => {
    const started = process.hrtime.bigint();
    expect(matchesWildcard(`${'*a'.repeat(50)}b`, `${'a'.repeat(5000)}c`)).toBe(false);
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(2000);
  });

  test('the resource of an ARN may hold colons', () => {
    expect(matchesArn('arn:aws:logs:*:*:log-group:a:*', 'arn:aws:logs:r:1:log-group:a:stream')).toBe(true);
    expect(matchesArn('arn:aws:sqs', 'arn:aws:sqs')).toBe(false);
  });
});
