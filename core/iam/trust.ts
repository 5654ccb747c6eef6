import { quote } from '#core/errors.ts';
import type { Condition, Statement } from '#core/iam/policy.ts';

/** What a role is for; `other` stands for a role that deploys nothing, and is held to build-push's subjects. */
export type Purpose = 'plan' | 'apply' | 'build-push' | 'other';

/** The repository whose workflows may have the role. */
export interface TrustedRepository {
  /** OWNER/REPO in its own spelling: IAM compares letter by letter. */
  readonly repository: string;
  readonly ownerId: string;
  readonly repositoryId: string;
  /**
   * How GitHub writes the subject: with ids in every repository created since July 2026, `classic` without.
   * https://docs.github.com/en/actions/reference/security/oidc
   */
  readonly subjectForm: 'immutable' | 'classic';
}

const ISSUER = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';
const PROVIDER = /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/;
const EXACT = new Set(['StringEquals', 'StringLike']); // a StringLike without wildcards is an equality, and wildcards are refused

/**
 * Returns what is wrong with a role's trust policy, a sentence each; an empty list when exactly the workflows meant may
 * assume the role. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
 */
export function checkTrust(
  statements: readonly Statement[],
  repository: TrustedRepository,
  purpose: Purpose,
): string[] {
  const allowed = statements.filter((statement) => statement.effect === 'Allow');
  if (allowed.length === 0)
    return [
      'no statement allows anything, so that nobody can assume the role: add one for sts:AssumeRoleWithWebIdentity',
    ];
  return allowed.flatMap((statement) =>
    [...checkActions(statement), ...checkPrincipals(statement), ...checkConditions(statement, repository, purpose)].map(
      (fault) => `${statement.name}: ${fault}`,
    ),
  );
}

function checkActions({ actions, notActions }: Statement): string[] {
  if (notActions !== undefined)
    return [
      `NotAction allows every action but ${notActions.join(', ')}: name sts:AssumeRoleWithWebIdentity under Action`,
    ];
  const others = (actions ?? []).filter((action) => !/^sts:(AssumeRoleWithWebIdentity|TagSession)$/i.test(action));
  if (actions === undefined || actions.length === 0) return ['names no Action: write sts:AssumeRoleWithWebIdentity'];
  return others.map(
    (action) =>
      `allows ${quote(action)}, by which others than GitHub's workflows get in: allow sts:AssumeRoleWithWebIdentity alone`,
  );
}

function checkPrincipals({ principals, notPrincipals }: Statement): string[] {
  if (notPrincipals !== undefined)
    return ["NotPrincipal lets in everybody but those named: name GitHub's provider under Principal"];
  const named = Object.entries(principals ?? {}).flatMap(([kind, names]) => names.map((name) => ({ kind, name })));
  if (named.length === 0)
    return [`names no Principal: write {"Federated": "arn:aws:iam::<account>:oidc-provider/${ISSUER}"}`];
  return named
    .filter(({ kind, name }) => kind !== 'Federated' || !PROVIDER.test(name))
    .map(({ kind, name }) =>
      name === '*'
        ? `the principal ${quote(name)} is everybody: name GitHub's provider, arn:aws:iam::<account>:oidc-provider/${ISSUER}`
        : `the principal ${kind} ${quote(name)} is not GitHub's provider: write arn:aws:iam::<account>:oidc-provider/${ISSUER}`,
    );
}

function checkConditions(statement: Statement, repository: TrustedRepository, purpose: Purpose): string[] {
  const of = (claim: string): Condition[] =>
    statement.conditions.filter((condition) => condition.key === `${ISSUER}:${claim}`);
  return [
    ...checkClaim('aud', of('aud'), AUDIENCE, (value) =>
      value === AUDIENCE ? undefined : `the audience ${quote(value)} is not ${AUDIENCE}: write it as it is`,
    ),
    ...checkClaim('sub', of('sub'), subjectExample(repository, purpose), (value) =>
      checkSubject(value, repository, purpose),
    ),
  ];
}

/** A claim counts only where an operator compares it as it is, and fails when the token lacks it. */
function checkClaim(
  claim: 'aud' | 'sub',
  conditions: readonly Condition[],
  example: string,
  check: (value: string) => string | undefined,
): string[] {
  const key = `${ISSUER}:${claim}`;
  if (conditions.length === 0) return [`no condition on ${key}: add StringEquals with ${quote(example)}`];
  return conditions.flatMap((condition) => {
    const fault = checkOperator(condition);
    if (fault !== undefined) return [`${key}: ${fault}`];
    if (condition.values.length === 0) return [`${key}: no value, which no token has: write ${quote(example)}`];
    return condition.values.flatMap((value) => check(value) ?? []);
  });
}

function checkOperator({ quantifier, operator, ifExists }: Condition): string | undefined {
  if (quantifier === 'ForAllValues') return 'ForAllValues is also true of a token without the claim: use StringEquals';
  if (quantifier === 'ForAnyValue')
    return 'ForAnyValue is for claims with several values, and this has one: use StringEquals';
  if (ifExists) return `${operator}IfExists is also true of a token without the claim: use StringEquals`;
  if (/Not/.test(operator))
    return `${operator} lets in everything but what is named: use StringEquals with what may come in`;
  if (!EXACT.has(operator)) return `${operator} does not compare letter by letter: use StringEquals`;
  return undefined;
}

function prefixOf({ repository, ownerId, repositoryId, subjectForm }: TrustedRepository): string {
  const [owner = '', name = ''] = repository.split('/');
  return subjectForm === 'classic' ? `repo:${repository}` : `repo:${owner}@${ownerId}/${name}@${repositoryId}`;
}

function subjectExample(repository: TrustedRepository, purpose: Purpose): string {
  const context = {
    plan: 'pull_request',
    apply: 'environment:aws',
    'build-push': 'ref:refs/heads/main',
    other: 'ref:refs/heads/main',
  };
  return `${prefixOf(repository)}:${context[purpose]}`;
}

function checkSubject(value: string, repository: TrustedRepository, purpose: Purpose): string | undefined {
  const example = subjectExample(repository, purpose);
  const says = `the subject ${quote(value)}`;
  const [kind, whole = '', ...rest] = value.split(':');
  if (/[*?]|\$\{/.test(value))
    return `${says} has a wildcard in ${placeOfWildcard(value)}: write each subject out, such as ${quote(example)}`;
  if (kind !== 'repo' || rest.length === 0)
    return `${says} is no subject of GitHub's: write one such as ${quote(example)}`;
  const prefix = prefixOf(repository);
  if (`${kind}:${whole}` !== prefix) return `${says} ${explainRepository(whole, repository)}: write ${quote(example)}`;
  return checkContext(rest.join(':'), purpose, says, example);
}

function placeOfWildcard(value: string): string {
  const [, whole = '', ...rest] = value.split(':');
  const [owner = '', name = ''] = whole.split('/');
  const has = (text: string): boolean => /[*?]|\$\{/.test(text);
  if (has(owner)) return 'the owner, so that other owners get in';
  if (has(name) || rest.length === 0) return 'the repository, so that other repositories get in';
  return rest[0] === 'ref'
    ? 'the branch, so that every branch that fits gets in'
    : 'what may run, so that every branch and pull request that fits gets in';
}

function explainRepository(whole: string, { repository, subjectForm }: TrustedRepository): string {
  const bare = whole.replaceAll(/@\d+/g, '');
  if (bare !== repository)
    return bare.toLowerCase() === repository.toLowerCase()
      ? `spells the repository unlike ${repository}, and IAM tells capital letters from small ones`
      : `is of another repository than ${repository}`;
  if (subjectForm === 'classic') return 'has ids, which the older form lacks';
  return /@\d+/.test(whole)
    ? `has other ids than ${repository}`
    : 'is in the older form without ids, which a repository created since July 2026 does not send, and which whoever takes over its name would get';
}

/** What may run with the role, in GitHub's words for the end of the subject. */
function checkContext(context: string, purpose: Purpose, says: string, example: string): string | undefined {
  const isEnvironment = /^environment:[^:\s]+$/.test(context);
  const isRef = /^ref:refs\/(heads|tags)\/[^\s]+$/.test(context);
  if (purpose === 'apply') {
    if (isEnvironment) return undefined;
    const who = context === 'pull_request' ? 'any pull request' : 'a branch without its reviewers';
    return `${says} lets ${who} apply: only a protected environment may, such as ${quote(example)}`;
  }
  if (isEnvironment || isRef) return undefined;
  if (context !== 'pull_request')
    return `${says} ends in ${quote(context)}, which names no branch and no environment: write one such as ${quote(example)}`;
  return purpose === 'plan'
    ? undefined
    : `${says} lets any pull request push images: only a branch may, such as ${quote(example)}`;
}
