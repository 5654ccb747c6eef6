import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import { checkTrust, type Purpose } from '#core/aws/iam/trust.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { AUD, cases, documentOf, equals, REPO, repository, SUB, statement } from './trust-cases.ts';

const check = (document: unknown, purpose: Purpose = 'apply', of = repository) =>
  checkTrust(parsePolicy('trust.json', document), of, purpose);

describe('good', () => {
  test.each<[string, Purpose, object]>([
    ['apply from its environment', 'apply', statement()],
    [
      'plan from pull requests and main',
      'plan',
      statement({ Condition: equals([`${REPO}:pull_request`, `${REPO}:ref:refs/heads/main`]) }),
    ],
    ['build-push from main', 'build-push', statement({ Condition: equals(`${REPO}:ref:refs/heads/main`) })],
    [
      'a list of one action, and tags',
      'apply',
      statement({ Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] }),
    ],
    [
      'keys in other capitals',
      'apply',
      statement({
        Condition: { StringEquals: { [AUD.toUpperCase()]: 'sts.amazonaws.com', [SUB]: `${REPO}:environment:aws` } },
      }),
    ],
    [
      'a StringLike without wildcards',
      'apply',
      statement({
        Condition: { StringEquals: { [AUD]: 'sts.amazonaws.com' }, StringLike: { [SUB]: `${REPO}:environment:aws` } },
      }),
    ],
    ['build-push from an environment', 'build-push', statement()],
    ['an environment with a space', 'apply', statement({ Condition: equals(`${REPO}:environment:my place`) })],
    ['a colon as GitHub writes it', 'apply', statement({ Condition: equals(`${REPO}:environment:a%3Ab`) })],
    [
      'claims that must be there',
      'apply',
      statement({ Condition: { ...equals(`${REPO}:environment:aws`), Null: { [SUB]: 'false', [AUD]: 'false' } } }),
    ],
    [
      'one more claim that narrows',
      'apply',
      statement({
        Condition: {
          StringEquals: {
            ...equals(`${REPO}:environment:aws`).StringEquals,
            'token.actions.githubusercontent.com:job_workflow_ref': 'x',
          },
        },
      }),
    ],
  ])('%s', (_name, purpose, one) => expect(check(documentOf(one), purpose)).toEqual([]));

  test('the older form, for a repository that has it', () => {
    const document = documentOf(statement({ Condition: equals('repo:acme/tenant:environment:aws') }));
    expect(check(document, 'apply', { ...repository, subjectForm: 'classic' })).toEqual([]);
    expect(check(document)).toHaveLength(1);
  });

  test('another branch, environment and account, when they are asked for', () => {
    const document = (context: string) => documentOf(statement({ Condition: equals(`${REPO}:${context}`) }));
    const asked = { ...repository, branch: 'trunk', environment: 'a:b', account: '123456789012' };
    expect(check(document('ref:refs/heads/trunk'), 'build-push', asked)).toEqual([]);
    expect(check(document('environment:a%3Ab'), 'apply', asked)).toEqual([]);
    expect(check(document('ref:refs/heads/main'), 'build-push', asked)).toHaveLength(1);
    expect(check(document('environment:aws'), 'apply', asked)).toHaveLength(1);
    expect(check(document('environment:a%3Ab'), 'apply', { ...asked, account: '210987654321' })).toEqual([
      expect.stringContaining('is a provider of the account 123456789012, not of 210987654321'),
    ]);
  });

  test('a statement that denies, beside a good one', () => {
    expect(check(documentOf(statement(), { Effect: 'Deny', Principal: '*', Action: 'sts:*' }))).toEqual([]);
  });
});

describe('bad', () => {
  test.each(cases)('%s', (_name, statements, message, purpose = 'apply') => {
    expect(check(documentOf(...statements), purpose).join('\n')).toContain(message);
  });

  test('every sentence, as a person reads it', () => {
    const pages = cases.map(([name, statements, , purpose = 'apply']) =>
      [`${name} (${purpose})`, ...check(documentOf(...statements), purpose)].join('\n  '),
    );
    expectGolden(join(import.meta.dirname, 'trust-faults.txt'), `${pages.join('\n')}\n`);
  });

  test('a wildcard anywhere in a good subject or audience', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('*', '?'), fc.boolean(), (at, wildcard, inSubject) => {
        const insert = (text: string) =>
          text.slice(0, at % (text.length + 1)) + wildcard + text.slice(at % (text.length + 1));
        const [aud, sub] = ['sts.amazonaws.com', `${REPO}:environment:aws`];
        const condition = {
          StringLike: { [AUD]: inSubject ? aud : insert(aud), [SUB]: inSubject ? insert(sub) : sub },
        };
        return check(documentOf(statement({ Condition: condition }))).length > 0;
      }),
      { numRuns: 500 },
    );
  });
});
