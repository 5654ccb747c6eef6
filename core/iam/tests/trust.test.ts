import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePolicy } from '#core/iam/policy.ts';
import { checkTrust, type Purpose, type TrustedRepository } from '#core/iam/trust.ts';
import { checkTrustFiles } from '../../../scripts/check-trust.ts';

const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
const AUD = 'token.actions.githubusercontent.com:aud';
const SUB = 'token.actions.githubusercontent.com:sub';
const REPO = 'repo:acme@1001/tenant@2002';
const repository: TrustedRepository = {
  repository: 'acme/tenant',
  ownerId: '1001',
  repositoryId: '2002',
  subjectForm: 'immutable',
};

const equals = (sub: string | string[]) => ({ StringEquals: { [AUD]: 'sts.amazonaws.com', [SUB]: sub } });
const statement = (parts: object = {}) => ({
  Sid: 'GitHub',
  Effect: 'Allow',
  Action: 'sts:AssumeRoleWithWebIdentity',
  Principal: { Federated: PROVIDER },
  Condition: equals(`${REPO}:environment:aws`),
  ...parts,
});
const documentOf = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
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

  test('a statement that denies, beside a good one', () => {
    expect(check(documentOf(statement(), { Effect: 'Deny', Principal: '*', Action: 'sts:*' }))).toEqual([]);
  });
});

const audOnly = { StringEquals: { [AUD]: 'sts.amazonaws.com' } };
const subOnly = { StringEquals: { [SUB]: `${REPO}:environment:aws` } };

describe('bad', () => {
  const cases: [string, object[], string, Purpose?][] = [
    [
      'no aud',
      [statement({ Condition: subOnly })],
      `no condition on ${AUD}: add StringEquals with "sts.amazonaws.com"`,
    ],
    ['no sub', [statement({ Condition: audOnly })], `no condition on ${SUB}`],
    ['no condition', [statement({ Condition: undefined })], `no condition on ${AUD}`],
    [
      'aud by a wildcard',
      [statement({ Condition: { ...subOnly, StringLike: { [AUD]: '*' } } })],
      'the audience "*" is not sts.amazonaws.com',
    ],
    [
      'another audience',
      [
        statement({
          Condition: {
            StringEquals: { ...subOnly.StringEquals, [AUD]: ['sts.amazonaws.com', 'https://github.com/acme'] },
          },
        }),
      ],
      'the audience "https://github.com/acme"',
    ],
    [
      'wildcard owner',
      [statement({ Condition: { ...audOnly, StringLike: { [SUB]: 'repo:*/tenant:environment:aws' } } })],
      'wildcard in the owner',
    ],
    [
      'wildcard repository',
      [statement({ Condition: { ...audOnly, StringLike: { [SUB]: 'repo:acme@1001/*' } } })],
      'wildcard in the repository',
    ],
    ['wildcard everything', [statement({ Condition: { ...audOnly, StringLike: { [SUB]: '*' } } })], 'wildcard in'],
    [
      'wildcard after the repository',
      [statement({ Condition: { ...audOnly, StringLike: { [SUB]: `${REPO}:*` } } })],
      'wildcard in what may run',
    ],
    [
      'a pull request applies',
      [statement({ Condition: equals(`${REPO}:pull_request`) })],
      'lets any pull request apply',
    ],
    [
      'a pull request pushes',
      [statement({ Condition: equals(`${REPO}:pull_request`) })],
      'lets any pull request push images',
      'build-push',
    ],
    [
      'any branch applies',
      [statement({ Condition: { ...audOnly, StringLike: { [SUB]: `${REPO}:ref:refs/heads/*` } } })],
      'wildcard in the branch',
    ],
    [
      'main applies without reviewers',
      [statement({ Condition: equals(`${REPO}:ref:refs/heads/main`) })],
      'a branch without its reviewers',
    ],
    [
      'a second statement for everybody',
      [statement(), statement({ Sid: 'Second', Principal: '*' })],
      'Second: the principal "*" is everybody',
    ],
    [
      'a second statement for an account',
      [
        statement(),
        { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999999999999:root' }, Action: 'sts:AssumeRole' },
      ],
      'statement 2: allows "sts:AssumeRole"',
    ],
    [
      'a second statement without conditions',
      [statement(), statement({ Sid: 'Second', Condition: {} })],
      'Second: no condition on',
    ],
    [
      'the condition stands elsewhere',
      [
        statement({ Condition: undefined }),
        {
          Effect: 'Deny',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Principal: { Federated: PROVIDER },
          Condition: equals(`${REPO}:environment:aws`),
        },
      ],
      'GitHub: no condition on',
    ],
    [
      'StringNotEquals',
      [statement({ Condition: { ...audOnly, StringNotEquals: { [SUB]: `${REPO}:pull_request` } } })],
      'StringNotEquals lets in everything but',
    ],
    [
      'StringNotLike',
      [statement({ Condition: { ...audOnly, StringNotLike: { [SUB]: 'repo:evil/*' } } })],
      'StringNotLike lets in everything but',
    ],
    [
      'ForAllValues',
      [statement({ Condition: { ...audOnly, 'ForAllValues:StringEquals': { [SUB]: `${REPO}:environment:aws` } } })],
      'ForAllValues is also true of a token without the claim',
    ],
    [
      'ForAnyValue',
      [statement({ Condition: { ...audOnly, 'ForAnyValue:StringLike': { [SUB]: [`${REPO}:environment:aws`] } } })],
      'ForAnyValue is for claims with several values',
    ],
    [
      'IfExists',
      [statement({ Condition: { ...subOnly, StringEqualsIfExists: { [AUD]: 'sts.amazonaws.com' } } })],
      'StringEqualsIfExists is also true of a token without the claim',
    ],
    [
      'IgnoreCase',
      [statement({ Condition: { ...audOnly, StringEqualsIgnoreCase: { [SUB]: `${REPO}:environment:aws` } } })],
      'does not compare letter by letter',
    ],
    [
      'the older form',
      [statement({ Condition: equals('repo:acme/tenant:environment:aws') })],
      'is in the older form without ids',
    ],
    [
      "somebody else's ids",
      [statement({ Condition: equals('repo:acme@1001/tenant@9:environment:aws') })],
      'has other ids than acme/tenant',
    ],
    [
      'another repository',
      [statement({ Condition: equals([`${REPO}:environment:aws`, 'repo:evil@6/tenant@6:environment:aws']) })],
      'is of another repository than acme/tenant',
    ],
    [
      'other capitals',
      [statement({ Condition: equals('repo:Acme@1001/tenant@2002:environment:aws') })],
      'tells capital letters',
    ],
    [
      'another provider',
      [statement({ Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/gitlab.com' } })],
      "is not GitHub's provider",
    ],
    [
      'a service',
      [statement({ Principal: { Service: 'ec2.amazonaws.com' } })],
      'Service "ec2.amazonaws.com" is not GitHub\'s provider',
    ],
    ['every action', [statement({ Action: 'sts:*' })], 'allows "sts:*"'],
    ['NotAction', [statement({ Action: undefined, NotAction: 'sts:AssumeRole' })], 'NotAction allows every action but'],
    [
      'NotPrincipal',
      [statement({ Principal: undefined, NotPrincipal: { AWS: '123456789012' } })],
      'NotPrincipal lets in everybody but',
    ],
    ['a subject that is none', [statement({ Condition: equals('acme/tenant') })], "is no subject of GitHub's"],
    ['no context', [statement({ Condition: equals(REPO) })], "is no subject of GitHub's"],
    ['an empty list of subjects', [statement({ Condition: equals([]) })], 'no value, which no token has'],
    ['nothing allowed', [{ Effect: 'Deny', Principal: '*', Action: '*' }], 'nobody can assume the role'],
  ];
  test.each(cases)('%s', (_name, statements, message, purpose = 'apply') => {
    expect(check(documentOf(...statements), purpose).join('\n')).toContain(message);
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

  test('what is no policy has its sentence', () => {
    expect(() => check({ Statement: [{ Effect: 'Maybe' }] })).toThrow("is not as IAM's policy grammar has it");
    expect(() => check([])).toThrow("is not as IAM's policy grammar has it");
  });
});

describe('the command', () => {
  const options = ['--repository', 'acme/tenant', '--owner-id', '1001', '--repository-id', '2002', '--purpose'];
  const role = (name: string, purpose: string | undefined, policy: object | undefined) => ({
    address: `aws_iam_role.this["${name}"]`,
    type: 'aws_iam_role',
    change: {
      actions: ['create'],
      after: {
        name,
        ...(policy && { assume_role_policy: JSON.stringify(documentOf(policy)) }),
        ...(purpose && { tags: { purpose } }),
      },
      after_unknown: policy ? {} : { assume_role_policy: true },
    },
  });
  const run = (purpose: string, files: Record<string, unknown>) =>
    checkTrustFiles([...options, purpose, ...Object.keys(files)], (path) => {
      const file = files[path];
      return typeof file === 'string' ? file : JSON.stringify(file);
    });
  const planned = (...changes: object[]) => ({ format_version: '1.2', resource_changes: changes });

  test('a bare document', () => {
    expect(run('apply', { 'trust.json': documentOf(statement()) })).toMatchObject({ code: 0, stderr: [] });
    expect(run('plan', { 'trust.json': documentOf(statement({ Principal: '*' })) })).toMatchObject({
      code: 1,
      stdout: [expect.stringContaining('trust.json: GitHub: the principal "*"')],
    });
  });

  test('a plan: the roles of the purpose, and those that say nothing known', () => {
    const build = statement({ Condition: equals(`${REPO}:ref:refs/heads/main`) });
    const plan = planned(
      role('x-apply', 'apply', statement()),
      role('x-build-push', 'build-push', build),
      role('x-retain', 'retain', build),
    );
    expect(run('apply', { 'plan.json': plan }).code).toBe(0);
    expect(run('build-push', { 'plan.json': plan }).code).toBe(0);
    expect(run('plan', { 'plan.json': plan })).toMatchObject({
      code: 1,
      stdout: ['plan.json: the plan has no role for plan: tag it purpose = "plan"'],
    });
    const open = planned(role('x-apply', 'apply', statement()), role('door', 'other', statement({ Principal: '*' })));
    expect(run('apply', { 'plan.json': open }).stdout).toEqual([
      expect.stringContaining('aws_iam_role.this["door"]: GitHub: the principal'),
    ]);
    expect(
      run('apply', { 'plan.json': planned(role('x-apply', undefined, statement()), role('x-plan', undefined, build)) })
        .code,
    ).toBe(0);
  });

  test('a role of a service of AWS is none of ours, unless it says so', () => {
    const service = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
    const apply = role('x-apply', undefined, statement());
    expect(run('apply', { 'plan.json': planned(apply, role('lambda', undefined, service)) }).code).toBe(0);
    expect(run('apply', { 'plan.json': planned(apply, role('lambda', 'apply', service)) }).code).toBe(1);
    expect(run('apply', { 'plan.json': planned(role('lambda', undefined, service)) }).code).toBe(1);
  });

  test('a plan that was cut down to its planned values', () => {
    const { address, type, change } = role('x-apply', 'apply', statement());
    const resource = { address: `module.a.${address}`, mode: 'managed', type, values: change.after };
    const cut = { planned_values: { root_module: { child_modules: [{ resources: [resource] }] } } };
    expect(run('apply', { 'plan.json': cut }).code).toBe(0);
    expect(run('plan', { 'plan.json': cut }).code).toBe(1);
  });

  test('what is known only after the apply is not passed', () => {
    expect(run('apply', { 'plan.json': planned(role('apply', 'apply', undefined)) })).toMatchObject({
      code: 1,
      stdout: [expect.stringContaining('known only after the apply')],
    });
  });

  test('every file is checked, and every fault is a line', () => {
    const bad = documentOf(statement({ Condition: {} }));
    expect(
      run('apply', { 'good.json': documentOf(statement()), 'bad.json': bad, 'none.json': '{', 'other.json': {} })
        .stdout,
    ).toEqual([
      expect.stringContaining('bad.json: GitHub: no condition on'),
      expect.stringContaining('bad.json: GitHub: no condition on'),
      expect.stringContaining('is not JSON'),
      expect.stringContaining('is neither a policy document'),
    ]);
  });

  test.each([
    [[], '--repository: "" is not OWNER/REPO'],
    [['--repository', 'acme/*'], '--repository: "acme/*" is not OWNER/REPO'],
    [[...options, 'deploy', 'x'], '--purpose: "deploy" is none of plan, apply, build-push'],
    [[...options, 'plan'], 'no file'],
    [['--nonsense'], '--nonsense'],
  ])('wrong usage: %j', (argv, message) => {
    const { code, stderr } = checkTrustFiles(argv, () => '');
    expect(code).toBe(2);
    expect(stderr[0]).toContain(message);
  });
});
