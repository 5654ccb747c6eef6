import { expect, test } from '@jest/globals';
import { parseStrictJson } from '#core/aws/iam/json.ts';
import { parsePolicy } from '#core/aws/iam/policy.ts';

const good = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

test('single values become lists, and operators are taken apart', () => {
  const condition = { 'ForAnyValue:StringLikeIfExists': { 'AWS:TagKeys': 'a' }, Null: { k: [true, 'false'] } };
  expect(parsePolicy('p', { Version: '2012-10-17', Statement: { ...good, Condition: condition } })).toEqual([
    {
      name: 'statement 1',
      effect: 'Allow',
      principals: undefined,
      notPrincipals: undefined,
      actions: ['s3:GetObject'],
      notActions: undefined,
      resources: ['*'],
      notResources: undefined,
      conditions: [
        { quantifier: 'ForAnyValue', operator: 'StringLike', ifExists: true, key: 'aws:tagkeys', values: ['a'] },
        { quantifier: undefined, operator: 'Null', ifExists: false, key: 'k', values: ['true', 'false'] },
      ],
    },
  ]);
  const [everybody] = parsePolicy('p', { Statement: [{ ...good, Principal: '*', NotPrincipal: undefined }] });
  expect(everybody?.principals).toEqual({ '*': ['*'] });
});

test.each<[string, unknown, string[]]>([
  ['no object', [], ['[] is not a policy document: write an object with Version and Statement']],
  ['no statement', {}, ['Statement is missing: add it']],
  ['an empty list', { Statement: [] }, ['Statement [] is empty: write at least one statement']],
  [
    'a number for a statement',
    { Statement: [good, 3] },
    ['statement 2: 3 is not a statement: write an object with an Effect'],
  ],
  [
    'names in small letters',
    { Statement: { effect: 'Allow', Action: 'a:B' } },
    [
      'statement 1: Effect is missing: add it',
      'statement 1: the element "effect" is not known; did you mean "Effect"?',
    ],
  ],
  [
    'another version',
    { Version: '2012', Statement: good },
    ['Version "2012" is not a version of the policy language: write "2012-10-17"'],
  ],
  [
    'an action without service',
    { Statement: { ...good, Action: 'GetObject' } },
    [
      'statement 1: Action "GetObject" is not an action: write it as service:Action, such as sqs:SendMessage, or several in a list',
    ],
  ],
  [
    'a kind of principal that is none',
    { Statement: { ...good, Principal: { Everyone: '*' } } },
    ['statement 1: the element "Everyone" is not known; there are AWS, Federated, Service, CanonicalUser'],
  ],
  [
    'a condition without key',
    { Statement: { ...good, Condition: { StringEquals: 'a' } } },
    ['statement 1: Condition StringEquals "a" is not a mapping: write the condition key and its value'],
  ],
  [
    'an operator in small letters, and a key twice',
    { Statement: { ...good, Condition: { stringEquals: { a: 'b', A: 'c' } } } },
    [
      'statement 1: the operator "stringEquals" is not known; did you mean "StringEquals"?',
      'statement 1: the condition key "A" is there twice, as capitals do not count: keep one',
    ],
  ],
  [
    'what excludes each other',
    { Statement: { ...good, Sid: 'X', NotAction: 'a:B', NotResource: '*', Principal: '*', NotPrincipal: '*' } },
    [
      'X: has Principal and NotPrincipal: keep one',
      'X: has Action and NotAction: keep one',
      'X: has Resource and NotResource: keep one',
    ],
  ],
  [
    'a Sid twice',
    { Statement: [{ ...good, Sid: 'X' }, good, { ...good, Sid: 'X' }] },
    ['the Sid "X" is there twice: give each statement its own'],
  ],
])('refused: %s', (_name, written, sentences) => {
  let message = 'not refused';
  try {
    parsePolicy('trust.json', written);
  } catch (error) {
    message = error instanceof Error ? error.message : '';
  }
  expect(message.split('\n')).toEqual(sentences.map((sentence) => `trust.json: ${sentence}`));
});

test('JSON in which a key is there twice is refused, wherever it is', () => {
  expect(parseStrictJson('{"a": [{"b": 1}, {"b": "{\\"b\\": 1, \\"b\\": 2}"}], "b": {"a": 1}}')).toBeDefined();
  expect(() => parseStrictJson('{"a": [{"b": 1, "c": {"b": 2}, "\\u0062": 3}]}')).toThrow('the key "b" is there twice');
  expect(() => parseStrictJson('{')).toThrow('is not JSON: ');
});
