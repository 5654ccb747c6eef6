import { expect, test } from '@jest/globals';
import { evaluatePolicies } from '#core/iam/evaluate.ts';
import { parsePolicy } from '#core/iam/policy.ts';

type Row = [
  what: string,
  statement: object,
  action: string,
  resource: string,
  context: Record<string, string[]>,
  decision: string,
];
const allow = (parts: object) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...parts });
const when = (operator: string, wanted: string | string[]) => allow({ Condition: { [operator]: { 'aws:K': wanted } } });

test.each<Row>([
  ['an action by name, capitals apart', allow({ Action: 'S3:getobject' }), 's3:GetObject', '*', {}, 'allowed'],
  ['an action by wildcards', allow({ Action: 's3:Get?bj*' }), 's3:GetObject', '*', {}, 'allowed'],
  ['a wildcard does not cross to another action', allow({ Action: 's3:Get*' }), 's3:PutObject', '*', {}, 'denied'],
  ['NotAction', allow({ Action: undefined, NotAction: 'iam:*' }), 's3:GetObject', '*', {}, 'allowed'],
  ['NotAction of the call', allow({ Action: undefined, NotAction: 'iam:*' }), 'iam:PassRole', '*', {}, 'denied'],
  [
    'a resource by wildcards',
    allow({ Resource: 'arn:aws:s3:::b/*' }),
    's3:GetObject',
    'arn:aws:s3:::b/k/l',
    {},
    'allowed',
  ],
  [
    'capitals of a resource count',
    allow({ Resource: 'arn:aws:s3:::B/*' }),
    's3:GetObject',
    'arn:aws:s3:::b/k',
    {},
    'denied',
  ],
  ['a dot is a dot', allow({ Resource: 'a.b' }), 's3:GetObject', 'axb', {}, 'denied'],
  ['NotResource', allow({ Resource: undefined, NotResource: 'a*' }), 's3:GetObject', 'ab', {}, 'denied'],
  ['StringEquals', when('StringEquals', ['a', 'b']), 'x:Y', '*', { 'aws:k': ['b'] }, 'allowed'],
  ['StringEquals without the key', when('StringEquals', 'a'), 'x:Y', '*', {}, 'denied'],
  ['StringEqualsIfExists without the key', when('StringEqualsIfExists', 'a'), 'x:Y', '*', {}, 'allowed'],
  ['StringNotEquals', when('StringNotEquals', ['a', 'b']), 'x:Y', '*', { 'aws:k': ['b'] }, 'denied'],
  ['StringNotEquals without the key', when('StringNotEquals', 'a'), 'x:Y', '*', {}, 'allowed'],
  ['StringLike', when('StringLike', 'a*'), 'x:Y', '*', { 'aws:k': ['abc'] }, 'allowed'],
  ['ForAllValues of no value', when('ForAllValues:StringEquals', 'a'), 'x:Y', '*', {}, 'allowed'],
  ['ForAllValues', when('ForAllValues:StringEquals', ['a', 'b']), 'x:Y', '*', { 'aws:k': ['a', 'c'] }, 'denied'],
  ['ForAnyValue', when('ForAnyValue:StringEquals', ['a', 'b']), 'x:Y', '*', { 'aws:k': ['a', 'c'] }, 'allowed'],
  ['ForAnyValue of no value', when('ForAnyValue:StringEquals', 'a'), 'x:Y', '*', {}, 'denied'],
  ['Bool', when('Bool', 'false'), 'x:Y', '*', { 'aws:k': ['False'] }, 'allowed'],
  ['Null', when('Null', 'true'), 'x:Y', '*', {}, 'allowed'],
  ['Null of what is there', when('Null', 'true'), 'x:Y', '*', { 'aws:k': ['a'] }, 'denied'],
  ['NumericLessThan', when('NumericLessThan', '10'), 'x:Y', '*', { 'aws:k': ['9'] }, 'allowed'],
  ['ArnLike', when('ArnLike', 'arn:aws:sns:*:1:t'), 'x:Y', '*', { 'aws:k': ['arn:aws:sns:eu-west-1:1:t'] }, 'allowed'],
])('%s', (_what, statement, action, resource, context, decision) => {
  const statements = parsePolicy('p', { Statement: [statement] });
  expect(evaluatePolicies(statements, { action, resource, context }).decision).toBe(decision);
});

test('a deny wins, and the statement that decided is named', () => {
  const statements = parsePolicy('p', {
    Statement: [allow({ Sid: 'All' }), { Sid: 'Not', Effect: 'Deny', Action: 's3:*', Resource: '*' }],
  });
  expect(evaluatePolicies(statements, { action: 's3:GetObject', resource: 'a' })).toEqual({
    decision: 'explicitly denied',
    by: 'Not',
  });
  expect(evaluatePolicies(statements, { action: 'sqs:SendMessage', resource: 'a' })).toEqual({
    decision: 'allowed',
    by: 'All',
  });
  expect(evaluatePolicies([], { action: 'a:b', resource: 'a' })).toEqual({ decision: 'denied', by: undefined });
});

test.each([
  ['an operator', { DateLessThan: { 'aws:K': '2026-01-01' } }, 'DateLessThan is not judged here'],
  ['a policy variable', { StringLike: { 'aws:K': '${aws:username}' } }, 'policy variable'],
])('%s that it does not know is not guessed', (_what, Condition, message) => {
  const statements = parsePolicy('p', { Statement: [allow({ Condition })] });
  expect(() => evaluatePolicies(statements, { action: 'a:b', resource: 'a', context: { 'aws:k': ['x'] } })).toThrow(
    message,
  );
});
