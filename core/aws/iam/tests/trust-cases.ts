import type { Purpose, TrustedRepository } from '#core/aws/iam/trust.ts';

export const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
export const AUD = 'token.actions.githubusercontent.com:aud';
export const SUB = 'token.actions.githubusercontent.com:sub';
export const REF = 'token.actions.githubusercontent.com:job_workflow_ref';
/** The claim of the workflow that applies. */
export const APPLY = 'acme/tenant/.github/workflows/apply.yml@refs/heads/main';
export const REPO = 'repo:acme@1001/tenant@2002';
export const repository: TrustedRepository = {
  repository: 'acme/tenant',
  ownerId: '1001',
  repositoryId: '2002',
  subjectForm: 'immutable',
};

export const equals = (sub: string | string[], workflow: string | string[] = APPLY) => ({
  StringEquals: { [AUD]: 'sts.amazonaws.com', [SUB]: sub, [REF]: workflow },
});
export const statement = (parts: object = {}) => ({
  Sid: 'GitHub',
  Effect: 'Allow',
  Action: 'sts:AssumeRoleWithWebIdentity',
  Principal: { Federated: PROVIDER },
  Condition: equals(`${REPO}:environment:aws`),
  ...parts,
});
export const documentOf = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const audOnly = { StringEquals: { [AUD]: 'sts.amazonaws.com', [REF]: APPLY } };
const subOnly = { StringEquals: { [SUB]: `${REPO}:environment:aws`, [REF]: APPLY } };

/** Each bad shape: its name, its statements, what its sentence says, and the purpose when it is not apply. */
export const cases: [string, object[], string, Purpose?][] = [
  ['no aud', [statement({ Condition: subOnly })], `no condition on ${AUD}: add StringEquals with "sts.amazonaws.com"`],
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
  [
    'a wildcard that StringEquals takes literally',
    [statement({ Condition: equals('repo:acme/*') })],
    'the subject "repo:acme/*" has a wildcard, which StringEquals takes literally, so that no one gets in by it',
  ],
  [
    'a wildcard that StringEquals takes literally, beside a good subject',
    [statement({ Condition: equals([`${REPO}:environment:aws`, `${REPO}:ref:refs/heads/release-?`]) })],
    'which StringEquals takes literally, so that no one gets in by it: write each subject out',
  ],
  [
    'everything, by a wildcard that StringEquals takes literally',
    [statement({ Condition: { StringEquals: { [AUD]: '*', [SUB]: '*' } } })],
    'the audience "*" is not sts.amazonaws.com; StringEquals takes its wildcard literally, so that no token has it',
  ],
  [
    'a wildcard where capitals do not count',
    [statement({ Condition: { ...audOnly, StringEqualsIgnoreCase: { [SUB]: 'repo:acme/*' } } })],
    'StringEqualsIgnoreCase does not compare letter by letter: use StringEquals',
  ],
  [
    'a wildcard under ArnLike',
    [statement({ Condition: { ...audOnly, ArnLike: { [SUB]: 'repo:acme/*' } } })],
    'ArnLike does not compare letter by letter and takes the wildcard in "repo:acme/*"',
  ],
  [
    "China's audience outside China",
    [statement({ Condition: { StringEquals: { ...subOnly.StringEquals, [AUD]: 'sts.amazonaws.com.cn' } } })],
    'the audience "sts.amazonaws.com.cn" is not sts.amazonaws.com: write it as it is',
  ],
  [
    'no audience in China',
    [statement({ Principal: { Federated: PROVIDER.replace('arn:aws:', 'arn:aws-cn:') }, Condition: subOnly })],
    `no condition on ${AUD}: add StringEquals with "sts.amazonaws.com.cn"`,
  ],
  [
    'a provider of China and one of elsewhere',
    [
      statement({
        Principal: { Federated: [PROVIDER, PROVIDER.replace('arn:aws:', 'arn:aws-cn:')] },
        Condition: { StringEquals: { ...subOnly.StringEquals, [AUD]: 'sts.amazonaws.com.cn' } },
      }),
    ],
    'the audience "sts.amazonaws.com.cn" is not sts.amazonaws.com',
  ],
  [
    "an enterprise's issuer that was not asked for",
    [statement({ Principal: { Federated: `${PROVIDER}/acme` } })],
    "is not GitHub's provider: write arn:aws:iam::<account>:oidc-provider/token.actions.githubusercontent.com, or check with --issuer token.actions.githubusercontent.com/acme if that is your enterprise's",
  ],
  ['wildcard everything', [statement({ Condition: { ...audOnly, StringLike: { [SUB]: '*' } } })], 'wildcard in'],
  [
    'wildcard after the repository',
    [statement({ Condition: { ...audOnly, StringLike: { [SUB]: `${REPO}:*` } } })],
    'wildcard in what may run',
  ],
  ['a pull request applies', [statement({ Condition: equals(`${REPO}:pull_request`) })], 'lets any pull request apply'],
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
    [statement(), { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999999999999:root' }, Action: 'sts:AssumeRole' }],
    'statement 2: allows "sts:AssumeRole"',
  ],
  [
    'a second statement without conditions',
    [statement(), statement({ Sid: 'Second', Condition: {} })],
    'Second: no condition on',
  ],
  [
    'the condition is elsewhere',
    [
      statement({ Condition: undefined }),
      {
        Effect: 'Deny',
        Action: 'sts:AssumeRoleWithWebIdentity',
        Principal: { Federated: PROVIDER },
        Condition: equals(`${REPO}:environment:aws`),
      },
    ],
    `GitHub: no condition on ${AUD}, and that of statement 2 (Deny) does not apply to what is allowed here`,
  ],
  [
    'the condition is with another action',
    [
      statement({ Condition: audOnly }),
      { ...statement({ Sid: 'Tags', Action: 'sts:TagSession' }), Condition: equals(`${REPO}:environment:aws`) },
    ],
    `GitHub: no condition on ${SUB}, and that of Tags (Allow) does not apply to what is allowed here`,
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
  ['one id of two', [statement({ Condition: equals('repo:acme@1001/tenant:environment:aws') })], 'has one id of two'],
  [
    'another branch pushes',
    [statement({ Condition: equals(`${REPO}:ref:refs/heads/feature`) })],
    'is of another branch than main',
    'build-push',
  ],
  [
    'a tag pushes',
    [statement({ Condition: equals(`${REPO}:ref:refs/tags/v1`) })],
    'is of "refs/tags/v1", which is not a branch',
    'build-push',
  ],
  [
    'another branch plans',
    [statement({ Condition: equals(`${REPO}:ref:refs/heads/feature`) })],
    'is of another branch than main',
    'plan',
  ],
  [
    'a context that GitHub does not write',
    [statement({ Condition: equals(`${REPO}:job_workflow_ref:x`) })],
    'which names no branch and no environment',
    'plan',
  ],
  [
    'more behind the environment',
    [statement({ Condition: equals(`${REPO}:environment:aws:ref:refs/heads/main`) })],
    'goes on after the environment',
  ],
  ['a policy variable', [statement({ Condition: equals(['$', `{${SUB}}`].join('')) })], 'has a policy variable'],
  [
    'providers of two accounts',
    [
      statement(),
      statement({ Sid: 'Second', Principal: { Federated: PROVIDER.replace('123456789012', '999999999999') } }),
    ],
    "GitHub's providers of 2 accounts are trusted, 123456789012 and 999999999999",
  ],
  [
    'a host beside the provider',
    [statement({ Principal: { Federated: `${PROVIDER}.evil.example` } })],
    'is not GitHub',
  ],
  [
    'a wildcard as account',
    [statement({ Principal: { Federated: PROVIDER.replace('123456789012', '*') } })],
    'is not GitHub',
  ],
  ['a resource', [statement({ Resource: '*' })], 'names a Resource'],
  [
    'a key of another provider',
    [statement({ Condition: { StringEquals: { 'gitlab.com:aud': 'sts.amazonaws.com', 'gitlab.com:sub': 'x' } } })],
    `no condition on ${AUD}`,
  ],
  ['existence alone', [statement({ Condition: { ...audOnly, Null: { [SUB]: 'false' } } })], `no condition on ${SUB}`],
  ['absence', [statement({ Condition: { ...audOnly, Null: { [SUB]: 'true' } } })], 'Null does not compare'],
  ['a subject that is none', [statement({ Condition: equals('acme/tenant') })], "is not a subject of GitHub's"],
  ['no context', [statement({ Condition: equals(REPO) })], "is not a subject of GitHub's"],
  ['an empty list of subjects', [statement({ Condition: equals([]) })], 'no value, which no token has'],
  ['nothing allowed', [{ Effect: 'Deny', Principal: '*', Action: '*' }], 'no one can assume the role'],
];
