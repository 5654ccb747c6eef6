import type { Condition, Statement } from '#core/aws/iam/policy.ts';
import {
  checkSubject,
  findTwin,
  isOpenEnded,
  isWildcard,
  type Purpose,
  subjectExample,
  type TrustedRepository,
} from '#core/aws/iam/subject.ts';
import { matchesWildcard } from '#core/aws/iam/wildcard.ts';
import { checkWorkflow, workflowOf } from '#core/aws/iam/workflow.ts';
import { quote } from '#core/values/errors.ts';

export { PURPOSES, type Purpose, type TrustedRepository } from '#core/aws/iam/subject.ts';

/** Whose tokens github.com gives; an enterprise may have an issuer of its own. */
const GITHUB_ISSUER = 'token.actions.githubusercontent.com';
const PROVIDER = /^arn:(aws[a-z-]*):iam::(\d{12}):oidc-provider\/(.+)$/;
/** GitHub's other issuers: of an enterprise, of a subdomain of ghe.com, of an own server. */
const ISSUERS =
  /^token\.actions\.githubusercontent\.com\/[\w-]+$|^token\.actions\.[\w-]+\.ghe\.com$|^[\w.-]+\/_services\/token$/i;
const EXACT = new Set(['StringEquals', 'StringLike']); // a StringLike without wildcards is an equality, and wildcards are refused
const WEB_IDENTITY = 'sts:assumerolewithwebidentity';

/**
 * Returns what is wrong with a role's trust policy, a sentence each; an empty list when exactly the workflows meant may
 * assume the role: for apply and retain one workflow each. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
 */
export function checkTrust(
  statements: readonly Statement[],
  repository: TrustedRepository,
  purpose: Purpose,
): string[] {
  const allowed = statements.filter((statement) => statement.effect === 'Allow');
  if (allowed.length === 0)
    return [
      'no statement allows anything, so that no one can assume the role: add one for sts:AssumeRoleWithWebIdentity',
    ];
  const ofStatements = allowed.flatMap((statement) =>
    [
      ...checkResources(statement),
      ...checkActions(statement),
      ...checkPrincipals(statement, repository),
      ...(allowsWebIdentity(statement) ? checkConditions(statement, statements, repository, purpose) : []),
    ].map((fault) => `${statement.name}: ${fault}`),
  );
  return [...ofStatements, ...checkAccounts(allowed), ...checkTransition(allowed, repository)];
}

/** While a repository goes over to subjects with ids, each subject must be there in both forms: either may come. */
function checkTransition(allowed: readonly Statement[], repository: TrustedRepository): string[] {
  if (repository.subjectForm !== 'transition') return [];
  const key = `${repository.issuer ?? GITHUB_ISSUER}:sub`.toLowerCase();
  const subjects = allowed.flatMap(({ conditions }) =>
    conditions.filter((condition) => condition.key === key).flatMap(({ values }) => values),
  );
  return subjects.flatMap((subject) => {
    const twin = findTwin(subject, repository);
    return twin === undefined || subjects.includes(twin)
      ? []
      : [`the subject ${quote(subject)} is there without its other form, which GitHub may send: add ${quote(twin)}`];
  });
}

/** True when a token of some web identity provider, or everybody, may assume the role by one of the statements. */
export function trustsWebIdentity(statements: readonly Statement[]): boolean {
  return statements.some(
    (statement) =>
      statement.effect === 'Allow' &&
      (allowsWebIdentity(statement) ||
        [statement.principals?.['*'], statement.principals?.['AWS']].flat().includes('*')),
  );
}

function allowsWebIdentity({ actions, notActions }: Statement): boolean {
  const names = (pattern: string): boolean => matchesWildcard(pattern.toLowerCase(), WEB_IDENTITY);
  return actions?.some(names) ?? !notActions?.some(names);
}

function checkResources({ resources, notResources }: Statement): string[] {
  return resources === undefined && notResources === undefined
    ? []
    : ['names a Resource, which IAM refuses in a trust policy: take it out'];
}

function checkActions({ actions, notActions }: Statement): string[] {
  if (notActions !== undefined)
    return [
      `NotAction allows every action but ${notActions.join(', ')}: name sts:AssumeRoleWithWebIdentity under Action`,
    ];
  if (actions === undefined || actions.length === 0) return ['names no Action: write sts:AssumeRoleWithWebIdentity'];
  return actions
    .filter((action) => !/^sts:(AssumeRoleWithWebIdentity|TagSession)$/i.test(action))
    .map(
      (action) =>
        `allows ${quote(action)}, by which others than GitHub's workflows get in: allow sts:AssumeRoleWithWebIdentity alone`,
    );
}

function checkPrincipals({ principals, notPrincipals }: Statement, trusted: TrustedRepository): string[] {
  const { account, issuer = GITHUB_ISSUER } = trusted;
  if (notPrincipals !== undefined)
    return ["NotPrincipal lets in everybody but those named: name GitHub's provider under Principal"];
  const named = Object.entries(principals ?? {}).flatMap(([kind, names]) => names.map((name) => ({ kind, name })));
  const partition = named.map(({ name }) => /^arn:(aws[a-z-]*):/.exec(name)?.[1]).find((found) => found !== undefined);
  const provider = `arn:${partition ?? 'aws'}:iam::${account ?? '<account>'}:oidc-provider/${issuer}`;
  if (named.length === 0) return [`names no Principal: write {"Federated": "${provider}"}`];
  return named.flatMap(({ kind, name }) => {
    if (name === '*') return [`the principal ${quote(name)} is everybody: name GitHub's provider, ${provider}`];
    const [, , of, url] = (kind === 'Federated' && PROVIDER.exec(name)) || [];
    if (of === undefined || url !== issuer)
      return [`the principal ${kind} ${quote(name)} is not GitHub's provider: write ${provider}${suggestIssuer(url)}`];
    return account === undefined || of === account
      ? []
      : [`the principal ${quote(name)} is a provider of the account ${of}, not of ${account}: write ${provider}`];
  });
}

/** Returns the end of a sentence for a provider that may be an enterprise's own. */
function suggestIssuer(url: string | undefined): string {
  return url !== undefined && ISSUERS.test(url) ? `, or check with --issuer ${url} if that is your enterprise's` : '';
}

/** Returns the audiences that are GitHub's for AWS in a partition, the usual one first: in China, both are in use. */
function audiencesOf({ principals }: Statement): readonly [string, ...string[]] {
  const providers = principals?.['Federated'] ?? [];
  const isChina = providers.length > 0 && providers.every((name) => PROVIDER.exec(name)?.[1] === 'aws-cn');
  return isChina ? ['sts.amazonaws.com.cn', 'sts.amazonaws.com'] : ['sts.amazonaws.com'];
}

/** True unless the provider is in a partition whose STS does not have the claim: it came to the commercial regions alone. */
function knowsWorkflows({ principals }: Statement): boolean {
  const partitions = (principals?.['Federated'] ?? []).map((name) => PROVIDER.exec(name)?.[1]);
  return partitions.length === 0 || !partitions.every((partition) => partition?.startsWith('aws-'));
}

/** A role's provider is of the role's own account, so of two accounts one is wrong, and who asks may not know which. */
function checkAccounts(allowed: readonly Statement[]): string[] {
  const named = allowed.flatMap(({ principals }) => principals?.['Federated'] ?? []);
  const accounts = new Set(named.flatMap((name) => PROVIDER.exec(name)?.[2] ?? []));
  return accounts.size < 2
    ? []
    : [
        `GitHub's providers of ${accounts.size} accounts are trusted, ${[...accounts].join(' and ')}: keep the role's own`,
      ];
}

function checkConditions(
  statement: Statement,
  all: readonly Statement[],
  repository: TrustedRepository,
  purpose: Purpose,
): string[] {
  const audiences = audiencesOf(statement);
  const issuer = repository.issuer ?? GITHUB_ISSUER;
  const example = subjectExample(repository, purpose);
  const workflow = knowsWorkflows(statement) ? workflowOf(repository, purpose) : undefined;
  return [
    ...checkClaim(`${issuer}:aud`, audiences[0], statement, all, (value, isPattern) =>
      checkAudience(value, audiences, isPattern),
    ),
    ...checkClaim(`${issuer}:sub`, example, statement, all, (value, isPattern) =>
      checkSubject(value, repository, purpose, isPattern),
    ),
    ...(workflow === undefined
      ? []
      : checkClaim(`${issuer}:job_workflow_ref`, workflow, statement, all, (value, isPattern) =>
          checkWorkflow(value, workflow, purpose, isPattern),
        )),
  ];
}

function checkAudience(value: string, audiences: readonly [string, ...string[]], isPattern: boolean): string[] {
  if (audiences.includes(value)) return [];
  const [usual] = audiences;
  const literally =
    isWildcard(value) && !isPattern ? '; StringEquals takes its wildcard literally, so that no token has it' : '';
  return [`the audience ${quote(value)} is not ${usual}${literally}: write it as it is`];
}

/** A claim counts only where an operator compares it as it is, and fails when the token lacks it. */
function checkClaim(
  claim: string,
  example: string,
  statement: Statement,
  all: readonly Statement[],
  check: (value: string, isPattern: boolean) => string[],
): string[] {
  const key = claim.toLowerCase(); // as the conditions' keys are
  const conditionsOf = ({ conditions }: Statement): Condition[] =>
    conditions.filter((condition) => condition.key === key && !asksExistence(condition));
  const conditions = conditionsOf(statement);
  if (conditions.length === 0) {
    const elsewhere = all.find((other) => conditionsOf(other).length > 0);
    const where =
      elsewhere === undefined
        ? ''
        : `, and that of ${elsewhere.name} (${elsewhere.effect}) does not apply to what is allowed here`;
    return [`no condition on ${claim}${where}: add StringEquals with ${quote(example)}`];
  }
  return conditions.flatMap((condition) => {
    const fault = explainOperator(condition);
    if (fault !== undefined) return [`${claim}: ${fault}`];
    if (condition.values.length === 0) return [`${claim}: no value, which no token has: write ${quote(example)}`];
    return condition.values.flatMap((value) => check(value, condition.operator === 'StringLike'));
  });
}

/** `Null: false` only asks that the claim is there: it narrows, and replaces no comparison. */
function asksExistence({ operator, values }: Condition): boolean {
  return operator === 'Null' && values.length > 0 && values.every((value) => value.toLowerCase() === 'false');
}

function explainOperator({ quantifier, operator, ifExists, values }: Condition): string | undefined {
  if (quantifier === 'ForAllValues') return 'ForAllValues is also true of a token without the claim: use StringEquals';
  if (quantifier === 'ForAnyValue')
    return 'ForAnyValue is for claims with several values, and this has one: use StringEquals';
  if (ifExists) return `${operator}IfExists is also true of a token without the claim: use StringEquals`;
  if (operator.includes('Not'))
    return `${operator} lets in everything but what is named: use StringEquals with what may come in`;
  if (EXACT.has(operator)) return undefined;
  const open = operator.startsWith('Arn') ? values.filter(isOpenEnded).map(quote) : []; // to the others it is a letter
  const matching = open.length === 0 ? '' : ` and takes the wildcard in ${open.join(', ')}`;
  return `${operator} does not compare letter by letter${matching}: use StringEquals`;
}
