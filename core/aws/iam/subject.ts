import { quote } from '#core/values/errors.ts';

/** What the roles of terraform/bootstrap are for. */
export const PURPOSES = ['plan', 'apply', 'build-push', 'registry-read', 'retain'] as const;

/** What a role is for; `other` is none of them, and is held to build-push's subjects. */
export type Purpose = (typeof PURPOSES)[number] | 'other';

/** The repository whose workflows may have the role. */
export interface TrustedRepository {
  /** OWNER/REPO in its own spelling: IAM compares letter by letter. */
  readonly repository: string;
  readonly ownerId: string;
  readonly repositoryId: string;
  /**
   * How GitHub writes the subject: with ids in every repository created since July 2026, `classic` without;
   * `transition` is both side by side. https://docs.github.com/en/actions/reference/security/oidc
   */
  readonly subjectForm: 'immutable' | 'classic' | 'transition';
  /** The branch that is deployed from; `main` when it is not said. */
  readonly branch?: string | undefined;
  /** The one environment that may have a role, but for plan's; any single one when it is not said. */
  readonly environment?: string | undefined;
  /** Without its scheme, such as token.actions.githubusercontent.com/acme of an enterprise; github.com's if not said. */
  readonly issuer?: string | undefined;
  /** The AWS account of GitHub's provider, 12 digits; any one when it is not said. */
  readonly account?: string | undefined;
}

/** True for a value that could match others: IAM's wildcards, and policy variables. */
export function isOpenEnded(value: string): boolean {
  return isWildcard(value) || value.includes('${');
}

/** True for a value that StringLike takes for a pattern, and StringEquals letter by letter. */
export function isWildcard(value: string): boolean {
  return /[*?]/.test(value);
}

/** Returns a subject of the repository in its other form, with ids or without; undefined for another repository's. */
export function findTwin(value: string, trusted: TrustedRepository): string | undefined {
  const [classic, immutable] = [prefixOf(trusted, 'classic'), prefixOf(trusted, 'immutable')];
  if (value.startsWith(`${classic}:`)) return `${immutable}${value.slice(classic.length)}`;
  return value.startsWith(`${immutable}:`) ? `${classic}${value.slice(immutable.length)}` : undefined;
}

/** Returns a subject that a role of this purpose may trust, for the end of a sentence. */
export function subjectExample(trusted: TrustedRepository, purpose: Purpose): string {
  const branch = `ref:refs/heads/${trusted.branch ?? 'main'}`;
  const environment = `environment:${(trusted.environment ?? 'aws').replaceAll(':', '%3A')}`;
  const context: Partial<Record<Purpose, string>> = { plan: 'pull_request', apply: environment };
  return `${prefixOf(trusted, trusted.subjectForm)}:${context[purpose] ?? branch}`;
}

/**
 * Returns what is wrong with a value of the claim `sub`, a sentence each. It must be one subject of this repository,
 * written out, whose end fits the purpose: plan from pull requests, the branch or an environment; apply from an
 * environment alone, because only that has reviewers; the rest from the branch or an environment.
 * A wildcard lets others in only where it `isPattern`, under StringLike: StringEquals takes it literally, and no one
 * gets in. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function checkSubject(
  value: string,
  trusted: TrustedRepository,
  purpose: Purpose,
  isPattern: boolean,
): string[] {
  const example = subjectExample(trusted, purpose);
  const says = `the subject ${quote(value)}`;
  const [, whole, context] = /^repo:([^:]+):(.+)$/s.exec(value) ?? [];
  if (isWildcard(value) && !isPattern && !value.includes('${'))
    return [
      `${says} has a wildcard, which StringEquals takes literally, so that no one gets in by it: write each subject out, such as ${quote(example)}`,
    ];
  if (isOpenEnded(value))
    return [`${says} has ${placeOfWildcard(value)}: write each subject out, such as ${quote(example)}`];
  if (whole === undefined || context === undefined)
    return [`${says} is not a subject of GitHub's: write one such as ${quote(example)}`];
  const stranger = isOwn(`repo:${whole}`, trusted) ? undefined : explainRepository(whole, trusted);
  const unfit = explainContext(context, trusted, purpose);
  return [stranger, unfit].flatMap((fault) =>
    fault === undefined ? [] : [`${says} ${fault}, such as ${quote(example)}`],
  );
}

function isOwn(prefix: string, trusted: TrustedRepository): boolean {
  const { subjectForm } = trusted;
  const forms = subjectForm === 'transition' ? (['immutable', 'classic'] as const) : [subjectForm];
  return forms.some((form) => prefix === prefixOf(trusted, form));
}

/** What the repository's subjects begin with; in a transition, in the form to come. */
function prefixOf(
  { repository, ownerId, repositoryId }: TrustedRepository,
  form: TrustedRepository['subjectForm'],
): string {
  const [owner = '', name = ''] = repository.split('/');
  return form === 'classic' ? `repo:${repository}` : `repo:${owner}@${ownerId}/${name}@${repositoryId}`;
}

function placeOfWildcard(value: string): string {
  if (value.includes('${')) return 'a policy variable, which the request itself fills';
  const [, whole, ...rest] = value.split(':');
  if (whole === undefined) return 'a wildcard in its beginning, so that every repository of GitHub gets in';
  const [owner = '', name = ''] = whole.split('/');
  if (isOpenEnded(owner)) return 'a wildcard in the owner, so that other owners get in';
  if (isOpenEnded(name) || rest.length === 0) return 'a wildcard in the repository, so that other repositories get in';
  return rest[0] === 'ref'
    ? 'a wildcard in the branch, so that every branch that fits gets in'
    : 'a wildcard in what may run, so that every branch and pull request that fits gets in';
}

function explainRepository(
  whole: string,
  { repository, ownerId, repositoryId, subjectForm }: TrustedRepository,
): string {
  const bare = whole.replaceAll(/@\d+/g, '');
  if (bare !== repository)
    return bare.toLowerCase() === repository.toLowerCase()
      ? `spells the repository unlike ${repository}, and IAM tells capital letters from small ones: write it as GitHub does`
      : `is of another repository than ${repository}: name this one`;
  if (subjectForm === 'classic')
    return 'has ids, which the older form lacks: leave them out, or check with --subject-form immutable (transition: both side by side)';
  const ids = [...whole.matchAll(/@(\d+)/g)].map(([, id]) => id);
  if (ids.length === 0)
    return 'is in the older form without ids, which a repository created since July 2026 does not send, and which anyone who takes over its name would get: add the ids (or check with --subject-form transition while both are there)';
  return ids.length === 1
    ? 'has one id of two: write the id of the owner and that of the repository'
    : `has other ids than ${repository}, ${ids.join(' and ')} for ${ownerId} and ${repositoryId}, and is somebody else's: write its own`;
}

/** What a pull request would do with a role that a branch alone may have. */
const WORK: Readonly<Record<Exclude<Purpose, 'plan' | 'apply'>, string>> = {
  'build-push': 'push images',
  'registry-read': 'pull images',
  retain: 'remove images',
  other: 'have the role',
};

/** What may run with the role, in GitHub's words for the end of the subject. */
function explainContext(context: string, trusted: TrustedRepository, purpose: Purpose): string | undefined {
  const [, environment] = /^environment:(.+)$/s.exec(context) ?? [];
  // plans have an environment of their own
  if (environment !== undefined)
    return explainEnvironment(environment, purpose === 'plan' ? { ...trusted, environment: undefined } : trusted);
  const [, ref] = /^ref:(.+)$/s.exec(context) ?? [];
  if (ref === undefined && context !== 'pull_request')
    return `ends in ${quote(context)}, which names no branch and no environment: write one of them`;
  if (purpose === 'apply')
    return `lets ${ref === undefined ? 'any pull request' : 'a branch without its reviewers'} apply: only a protected environment may`;
  if (ref !== undefined) return explainRef(ref, trusted);
  if (purpose === 'plan') return undefined;
  return `lets any pull request ${WORK[purpose]}: only a branch may`;
}

function explainRef(ref: string, { branch = 'main' }: TrustedRepository): string | undefined {
  if (ref === `refs/heads/${branch}`) return undefined;
  return ref.startsWith('refs/heads/')
    ? `is of another branch than ${branch}, which anybody with write access can push: name ${branch} (or check with --branch)`
    : `is of ${quote(ref)}, which is not a branch and which anyone with write access can push: name the branch ${branch}`;
}

function explainEnvironment(name: string, { environment }: TrustedRepository): string | undefined {
  // GitHub writes a colon within a name as %3A, so that a bare one begins another claim of a customised subject.
  if (name.includes(':')) return `goes on after the environment, which GitHub's own subject does not: end it there`;
  if (environment === undefined || name === environment.replaceAll(':', '%3A')) return undefined;
  return `is of another environment than ${environment}: name that one`;
}
