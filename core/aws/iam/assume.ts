import { holdsCondition } from '#core/aws/iam/conditions.ts';
import { type Decision, namesAction } from '#core/aws/iam/evaluate.ts';
import type { Statement } from '#core/aws/iam/policy.ts';
import { Refusal } from '#core/values/errors.ts';

/** A token of an OIDC provider, as STS sees it. */
export interface WebIdentity {
  /** ARN of the provider in the role's account; its end is the token's issuer. */
  readonly provider: string;
  /** `aud`, `sub`, `job_workflow_ref` and the like. */
  readonly claims: Readonly<Record<string, string>>;
}

/**
 * Judges by a role's trust policy whether a token may assume the role, as STS does after it verified the token: a deny
 * wins, then an allow, else it is denied. Conditions see the claims as `<issuer>:<claim>`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 * Refuses NotPrincipal, which is not judged.
 */
export function evaluateTrust(statements: readonly Statement[], { provider, claims }: WebIdentity): Decision {
  const issuer = provider.slice(provider.indexOf('/') + 1);
  const context = new Map(
    Object.entries(claims).map(([claim, value]) => [`${issuer}:${claim}`.toLowerCase(), [value]]),
  );
  const fitting = statements.filter(
    (statement) =>
      namesAction(statement, 'sts:AssumeRoleWithWebIdentity') &&
      namesProvider(statement, provider) &&
      statement.conditions.every((condition) => holdsCondition(condition, context.get(condition.key))),
  );
  const deny = fitting.find(({ effect }) => effect === 'Deny');
  if (deny !== undefined) return { decision: 'explicitly denied', by: deny.name };
  const [allow] = fitting;
  return allow === undefined ? { decision: 'denied', by: undefined } : { decision: 'allowed', by: allow.name };
}

function namesProvider({ name, principals, notPrincipals }: Statement, provider: string): boolean {
  if (notPrincipals !== undefined)
    throw new Refusal(`${name}: NotPrincipal is not judged here: name the provider under Principal`);
  return (
    [principals?.['*'], principals?.['AWS']].flat().includes('*') || !!principals?.['Federated']?.includes(provider)
  );
}
