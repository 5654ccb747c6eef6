import type { WebIdentity } from '#core/aws/iam/assume.ts';
import type { Identity } from '#lab/terraform/tests/identity-calls.ts';

/** A role of terraform/bootstrap. */
export type Role = Exclude<Identity, 'bot' | 'cluster' | 'bounded'>;
export const ROLES: readonly Role[] = ['plan', 'apply', 'build-push', 'registry-read', 'retain'];

const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
const REPOSITORY = 'repo:acme@1001/tenant@2002';
const MAIN = `${REPOSITORY}:ref:refs/heads/main`;

/** A job's token: its subject, and the workflow that the job is in. */
function tokenOf(sub: string, workflow: string, ref = 'refs/heads/main', more: Partial<WebIdentity> = {}): WebIdentity {
  const reference = `acme/tenant/.github/workflows/${workflow}@${ref}`;
  return { provider: PROVIDER, claims: { aud: 'sts.amazonaws.com', sub, job_workflow_ref: reference }, ...more };
}

const pullRequest = tokenOf(`${REPOSITORY}:environment:plan`, 'pull-request.yml', 'refs/pull/1/merge');
const apply = tokenOf(`${REPOSITORY}:environment:aws`, 'apply.yml');
const deploy = tokenOf(MAIN, 'deploy.yml');
const retain = tokenOf(MAIN, 'retain.yml');

/** Tokens that must get in, by role. */
export const welcome: readonly (readonly [Role, WebIdentity])[] = [
  ['plan', pullRequest],
  ['plan', deploy],
  ['apply', apply],
  ['build-push', deploy],
  ['registry-read', deploy],
  ['registry-read', tokenOf(MAIN, 'promote.yml')],
  ['retain', retain],
];

const withClaim = (token: WebIdentity, claims: Record<string, string>): WebIdentity => ({
  ...token,
  claims: { ...token.claims, ...claims },
});
const withoutClaim = (token: WebIdentity, claim: string): WebIdentity => ({
  ...token,
  claims: Object.fromEntries(Object.entries(token.claims).filter(([name]) => name !== claim)),
});

/** Tokens that must not, by role. */
export const strangers: readonly (readonly [Role, WebIdentity])[] = [
  // what is wrong for every role, in the token that is right but for it
  ...welcome.flatMap(([role, token]) =>
    [
      withClaim(token, { aud: 'https://github.com/acme' }),
      withClaim(token, { sub: token.claims['sub']?.replace('tenant@2002', 'other@2003') ?? '' }),
      withClaim(token, { sub: token.claims['sub']?.replace('acme@1001', 'acme@6') ?? '' }),
      withClaim(token, { sub: token.claims['sub']?.replaceAll(/@\d+/g, '') ?? '' }), // the older form, of a name taken over
      withClaim(token, { sub: `${REPOSITORY}:ref:refs/heads/feature` }),
      withClaim(token, { sub: `${REPOSITORY}:ref:refs/tags/main` }),
      withClaim(token, { sub: `${REPOSITORY}:environment:other` }),
      withoutClaim(token, 'sub'),
      withoutClaim(token, 'aud'),
      { ...token, provider: PROVIDER.replace('token.actions.githubusercontent.com', 'gitlab.com') },
    ].map((stranger) => [role, stranger] as const),
  ),
  ...ROLES.filter((role) => role !== 'plan').map((role) => [role, pullRequest] as const),
  ['plan', apply],
  ['build-push', apply],
  ['registry-read', apply],
  ['apply', deploy],
  ['apply', tokenOf(MAIN, 'apply.yml')], // without its reviewers
  ['apply', tokenOf(`${REPOSITORY}:environment:aws`, 'deploy.yml')],
  ['apply', tokenOf(`${REPOSITORY}:environment:aws`, 'apply.yml', 'refs/heads/feature')],
  ['apply', tokenOf(`${REPOSITORY}:environment:aws`, 'apply.yml', 'refs/pull/1/merge')],
  ['apply', withoutClaim(apply, 'job_workflow_ref')],
  ['retain', deploy],
  ['retain', apply],
  ['retain', tokenOf(MAIN, 'retain.yml', 'refs/heads/feature')],
  ['retain', withClaim(retain, { job_workflow_ref: 'evil/tenant/.github/workflows/retain.yml@refs/heads/main' })],
  ['retain', withoutClaim(retain, 'job_workflow_ref')],
];
