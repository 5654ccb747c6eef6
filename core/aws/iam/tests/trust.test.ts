import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePolicy } from '#core/aws/iam/policy.ts';
import { checkTrust, type Purpose } from '#core/aws/iam/trust.ts';
import { expectGolden } from '#tests/support/golden.ts';
import {
  APPLY,
  AUD,
  documentOf,
  equals,
  cases as ofSubjects,
  PROVIDER,
  REF,
  REPO,
  repository,
  SUB,
  statement,
} from './trust-cases.ts';
import { workflowCases } from './trust-workflow-cases.ts';

const cases = [...ofSubjects, ...workflowCases];

const check = (document: unknown, purpose: Purpose = 'apply', of = repository) =>
  checkTrust(parsePolicy('trust.json', document), of, purpose);

const branch = { [AUD]: 'sts.amazonaws.com', [SUB]: `${REPO}:ref:refs/heads/main` } as const;

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
        Condition: {
          StringEquals: { [AUD.toUpperCase()]: 'sts.amazonaws.com', [SUB]: `${REPO}:environment:aws`, [REF]: APPLY },
        },
      }),
    ],
    [
      'a StringLike without wildcards',
      'apply',
      statement({
        Condition: {
          StringEquals: { [AUD]: 'sts.amazonaws.com' },
          StringLike: { [SUB]: `${REPO}:environment:aws`, [REF]: APPLY },
        },
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
      'build-push',
      statement({ Condition: equals(`${REPO}:ref:refs/heads/main`, 'acme/tenant/.github/workflows/x.yml@*') }),
    ],
    ['any workflow of the branch pulls', 'registry-read', statement({ Condition: { StringEquals: branch } })],
    [
      'one workflow of the branch retains',
      'retain',
      statement({ Condition: equals(branch[SUB], APPLY.replace('apply', 'retain')) }),
    ],
  ])('%s', (_name, purpose, one) => expect(check(documentOf(one), purpose)).toEqual([]));

  test('the older form, for a repository that has it', () => {
    const document = documentOf(statement({ Condition: equals('repo:acme/tenant:environment:aws') }));
    expect(check(document, 'apply', { ...repository, subjectForm: 'classic' })).toEqual([]);
    expect(check(document)).toHaveLength(1);
  });

  test('another branch, environment and account, when they are asked for', () => {
    const trunk = APPLY.replace('main', 'trunk');
    const document = (context: string) => documentOf(statement({ Condition: equals(`${REPO}:${context}`, trunk) }));
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

describe('a transition to subjects with ids', () => {
  const [old, now] = ['repo:acme/tenant', REPO].map((prefix) => `${prefix}:environment:aws`);
  const both = documentOf(statement({ Condition: equals([old ?? '', now ?? '']) }));

  test('both forms side by side are refused under either form, and taken when a transition is asked for', () => {
    expect(check(both)).toEqual([expect.stringContaining('or check with --subject-form transition')]);
    expect(check(both, 'apply', { ...repository, subjectForm: 'classic' })).toEqual([
      expect.stringContaining('transition: both side by side'),
    ]);
    expect(check(both, 'apply', { ...repository, subjectForm: 'transition' })).toEqual([]);
  });

  test('the forms may be in two statements, and of several subjects', () => {
    const [first, second] = [old, now].map((sub, index) =>
      statement({ Sid: `S${index}`, Condition: equals(sub ?? '') }),
    );
    const transition = { ...repository, subjectForm: 'transition' as const };
    expect(check(documentOf(first ?? {}, second ?? {}), 'apply', transition)).toEqual([]);
    const plan = ['pull_request', 'ref:refs/heads/main'].flatMap((end) => [
      `repo:acme/tenant:${end}`,
      `${REPO}:${end}`,
    ]);
    expect(check(documentOf(statement({ Condition: equals(plan) })), 'plan', transition)).toEqual([]);
  });

  test.each([
    ['the older form alone', [old], `add "${now}"`],
    ['the newer form alone', [now], `add "${old}"`],
    ['the older form of something else', [now, 'repo:acme/tenant:environment:prod'], `add "${old}"`],
    ['the older form of another repository', [now, old, 'repo:acme/other:environment:aws'], 'is of another repository'],
    ["somebody else's ids", [now, old, 'repo:acme@6/tenant@6:environment:aws'], 'has other ids than acme/tenant'],
    ['a pull request in the older form', [now, old, 'repo:acme/tenant:pull_request'], 'lets any pull request apply'],
  ])('%s', (_name, subjects, message) => {
    const document = documentOf(statement({ Condition: equals(subjects.map((sub) => sub ?? '')) }));
    expect(check(document, 'apply', { ...repository, subjectForm: 'transition' }).join('\n')).toContain(message);
  });
});

describe('partitions of AWS', () => {
  const inPartition = (partition: string, aud: string | string[]) =>
    documentOf(
      statement({
        Principal: { Federated: PROVIDER.replace('arn:aws:', `arn:${partition}:`) },
        Condition: { StringEquals: { [AUD]: aud, [SUB]: `${REPO}:environment:aws`, [REF]: APPLY } },
      }),
    );
  test.each([
    ['aws-cn', 'sts.amazonaws.com.cn', 0],
    ['aws-cn', 'sts.amazonaws.com', 0], // a workflow in China may ask for either
    ['aws-cn', ['sts.amazonaws.com', 'sts.amazonaws.com.cn'], 0],
    ['aws-us-gov', 'sts.amazonaws.com', 0],
    ['aws-us-gov', 'sts.amazonaws.com.cn', 1],
    ['aws-cn', 'sts.amazonaws.com.cn.evil.example', 1],
  ])('%s takes the audience %j with %i faults', (partition, audience, faults) => {
    expect(check(inPartition(partition, audience))).toHaveLength(faults);
  });
});

test('the claim of the workflow is asked for where AWS knows it', () => {
  const without = (partition: string) =>
    documentOf(
      statement({
        Principal: { Federated: PROVIDER.replace('arn:aws:', `arn:${partition}:`) },
        Condition: { StringEquals: { [AUD]: 'sts.amazonaws.com', [SUB]: `${REPO}:environment:aws` } },
      }),
    );
  expect(check(without('aws'))).toHaveLength(1);
  expect(['aws-cn', 'aws-us-gov'].flatMap((partition) => check(without(partition)))).toEqual([]);
});

describe('an issuer that was asked for', () => {
  const of = (issuer: string, keys = issuer) =>
    documentOf(
      statement({
        Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${issuer}` },
        Condition: {
          StringEquals: {
            [`${keys}:aud`]: 'sts.amazonaws.com',
            [`${keys}:sub`]: `${REPO}:environment:aws`,
            [`${keys}:job_workflow_ref`]: APPLY,
          },
        },
      }),
    );
  test.each([
    'token.actions.githubusercontent.com/acme',
    'token.actions.Acme.ghe.com',
    'github.acme.example/_services/token',
  ])('%s is the one that counts', (issuer) => {
    expect(check(of(issuer), 'apply', { ...repository, issuer })).toEqual([]);
    expect(check(of(issuer)).join('\n')).toContain(`or check with --issuer ${issuer}`);
    // github.com's own issuer gives tokens to all the world
    expect(check(documentOf(statement()), 'apply', { ...repository, issuer }).join('\n')).toContain(
      `is not GitHub's provider: write arn:aws:iam::<account>:oidc-provider/${issuer}`,
    );
    expect(check(of(`${issuer}x`), 'apply', { ...repository, issuer })).not.toEqual([]);
  });

  test("conditions on github.com's claims say nothing of an enterprise's tokens", () => {
    const issuer = 'token.actions.githubusercontent.com/acme';
    expect(check(of(issuer, 'token.actions.githubusercontent.com'), 'apply', { ...repository, issuer })).toEqual([
      expect.stringContaining(`no condition on ${issuer}:aud`),
      expect.stringContaining(`no condition on ${issuer}:sub`),
      expect.stringContaining(`no condition on ${issuer}:job_workflow_ref`),
    ]);
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
