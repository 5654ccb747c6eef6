import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { matchesWildcard } from '#core/aws/iam/wildcard.ts';

/** Who may assume a role with a web identity: what an IAM role's trust policy says for GitHub's OIDC provider. */
export interface Trust {
  /** `arn:aws:iam::123456789012:role/slipway-build`. */
  readonly role: string;
  /** The provider's address, as in the token's `iss`; its keys are read from `<issuer>/.well-known/jwks`. */
  readonly issuer: string;
  /** Default: sts.amazonaws.com. */
  readonly audience?: string;
  /** StringLike patterns (`*`, `?`) of which one must match the token's `sub`. */
  readonly subjects: readonly string[];
  /** The workflows of which one must be the token's `job_workflow_ref`; any one when it is not said. */
  readonly workflows?: readonly string[] | undefined;
}

/** An answer of STS: undefined lets the caller pass. */
export interface TrustRefusal {
  readonly status: 400 | 403;
  readonly code: 'AccessDenied' | 'InvalidIdentityToken' | 'ExpiredTokenException';
  readonly message: string;
}

/** The trust policies of the lab's account. */
export interface TrustPolicies {
  add(trust: Trust): void;
  /** Judges a call as STS does; while no trust was added, every call passes. */
  judge(role: string, token: string): Promise<TrustRefusal | undefined>;
}

/** The same words for an unknown role and for a subject that does not match: STS does not tell which roles exist. */
const DENIED: TrustRefusal = {
  status: 403,
  code: 'AccessDenied',
  message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
};

/** Returns an empty set of trust policies. */
export function createTrustPolicies(): TrustPolicies {
  const policies: Trust[] = [];
  return {
    add: (trust) => {
      policies.push(trust);
    },
    judge: async (role, token) => {
      if (policies.length === 0) return undefined;
      const ofRole = policies.filter((trust) => trust.role === role);
      const refusals = await Promise.all(ofRole.map((trust) => judgeBy(trust, token)));
      return refusals.length === 0 || !refusals.includes(undefined) ? (refusals[0] ?? DENIED) : undefined;
    },
  };
}

async function judgeBy(trust: Trust, token: string): Promise<TrustRefusal | undefined> {
  const keys = createRemoteJWKSet(new URL(`${trust.issuer}/.well-known/jwks`));
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: trust.issuer,
      audience: trust.audience ?? 'sts.amazonaws.com',
      requiredClaims: ['sub', 'exp'],
    });
    return isTrusted(trust, payload) ? undefined : DENIED;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return {
        status: 400,
        code: 'ExpiredTokenException',
        message: 'Token expired: current date/time must be before the expiration date/time',
      };
    }
    return { status: 400, code: 'InvalidIdentityToken', message: describeFault(error) };
  }
}

function describeFault(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') return 'Incorrect token audience';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'iss')
    return 'No OpenIDConnect provider found in your account';
  return "Couldn't retrieve verification key from your identity provider, or the token's signature is not its own";
}

function isTrusted({ subjects, workflows }: Trust, { sub = '', job_workflow_ref: workflow }: JWTPayload): boolean {
  return (
    subjects.some((pattern) => matchesWildcard(pattern, sub)) && (workflows?.some((one) => one === workflow) ?? true)
  );
}
