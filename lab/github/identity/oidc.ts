import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** What the claims of a job's token say. */
export interface JobIdentity {
  readonly repository: string;
  readonly ownerId: string;
  readonly repositoryId: string;
  readonly ref: string;
  readonly sha: string;
  readonly workflow: string;
  readonly workflowPath: string;
  readonly event: string;
  readonly actor: string;
  readonly runId: number;
  /** Of the run; 1 where it is left out. */
  readonly attempt?: number;
  readonly environment?: string | undefined;
}

/** The issuer of OIDC tokens. */
export interface OidcIssuer {
  sign(identity: JobIdentity, audience: string): Promise<string>;
  /** The documents below `/.well-known/`, by their path from there. */
  documents(): Record<string, unknown>;
}

const LIVES_SECONDS = 300;

/**
 * Makes an issuer at `url` with a key of its own. Claims as documented in
 * https://docs.github.com/en/actions/reference/security/oidc; the subject has the owner's and the repository's ids, as in
 * repositories created since July 2026.
 */
export async function createOidcIssuer(url: string): Promise<OidcIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: randomUUID(), use: 'sig', alg: 'RS256' };
  return {
    sign: (identity, audience) =>
      new SignJWT(claimsOf(identity))
        .setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'JWT' })
        .setIssuer(url)
        .setAudience(audience)
        .setSubject(subjectOf(identity))
        .setJti(randomUUID())
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(`${LIVES_SECONDS}s`)
        .sign(privateKey),
    documents: () => ({
      'openid-configuration': {
        issuer: url,
        jwks_uri: `${url}/.well-known/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public', 'pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
        scopes_supported: ['openid'],
      },
      jwks: { keys: [key] },
    }),
  };
}

/** Returns the subject of a job's token: by its environment, else by its event. */
export function subjectOf(identity: JobIdentity): string {
  const [owner = '', name = ''] = identity.repository.split('/');
  const repository = `repo:${owner}@${identity.ownerId}/${name}@${identity.repositoryId}`;
  if (identity.environment !== undefined)
    return `${repository}:environment:${identity.environment.replaceAll(':', '%3A')}`;
  return identity.event === 'pull_request' ? `${repository}:pull_request` : `${repository}:ref:${identity.ref}`;
}

function claimsOf(identity: JobIdentity): Record<string, string> {
  const workflowRef = `${identity.repository}/${identity.workflowPath}@${identity.ref}`;
  return {
    repository: identity.repository,
    repository_id: identity.repositoryId,
    repository_owner: identity.repository.split('/')[0] ?? '',
    repository_owner_id: identity.ownerId,
    repository_visibility: 'private',
    ref: identity.ref,
    ref_type: 'branch',
    ref_protected: 'false',
    sha: identity.sha,
    workflow: identity.workflow,
    workflow_ref: workflowRef,
    workflow_sha: identity.sha,
    job_workflow_ref: workflowRef,
    job_workflow_sha: identity.sha,
    event_name: identity.event,
    actor: identity.actor,
    run_id: String(identity.runId),
    run_number: String(identity.runId),
    run_attempt: String(identity.attempt ?? 1),
    runner_environment: 'github-hosted',
    base_ref: '',
    head_ref: '',
    ...(identity.environment === undefined ? {} : { environment: identity.environment }),
  };
}
