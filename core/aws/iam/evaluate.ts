import { holdsCondition, refuseVariable } from '#core/aws/iam/conditions.ts';
import type { Statement } from '#core/aws/iam/policy.ts';
import { matchesWildcard } from '#core/aws/iam/wildcard.ts';
import { InputError, quote, Refusal } from '#core/values/errors.ts';

/** A call of an AWS API. */
export interface Call {
  /** `dynamodb:GetItem`. */
  readonly action: string;
  /** ARN, or `*` for a call that has no resource. */
  readonly resource: string;
  /** Values of condition keys; capitals in a key do not count. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** What IAM says: `denied` when no statement allows it, `explicitly denied` when one denies it. */
export interface Decision {
  readonly decision: 'allowed' | 'denied' | 'explicitly denied';
  /** The statement that decided. */
  readonly by: string | undefined;
}

/**
 * Judges a call by identity policies as IAM does within one account ("Policy evaluation logic"): a deny wins, then an
 * allow, else it is denied.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * Refuses, rather than guess, what it does not judge: policy variables, addresses, dates, policies of resources.
 */
export function evaluatePolicies(statements: readonly Statement[], call: Call): Decision {
  if (!/^[\w-]+:\w+$/.test(call.action))
    throw new InputError(
      'action',
      call.action,
      'is not one action: write it as service:Action, such as sqs:SendMessage',
    );
  const context = new Map(Object.entries(call.context ?? {}).map(([key, values]) => [key.toLowerCase(), values]));
  for (const statement of statements) refuseOtherPolicies(statement);
  const fitting = statements.filter(
    (statement) =>
      namesAction(statement, call.action) &&
      coversResource(statement, call.resource) &&
      statement.conditions.every((condition) => holdsCondition(condition, context.get(condition.key))),
  );
  const deny = fitting.find((statement) => statement.effect === 'Deny');
  if (deny !== undefined) return { decision: 'explicitly denied', by: deny.name };
  const allow = fitting.find((statement) => statement.effect === 'Allow');
  return allow === undefined ? { decision: 'denied', by: undefined } : { decision: 'allowed', by: allow.name };
}

/**
 * Judges a call of an identity under a permissions boundary: it is allowed when the identity's policies and the boundary
 * both allow it, and a deny in either wins.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic
 */
export function evaluateBounded(
  statements: readonly Statement[],
  boundary: readonly Statement[],
  call: Call,
): Decision {
  const [own, most] = [evaluatePolicies(statements, call), evaluatePolicies(boundary, call)];
  if (own.decision === 'explicitly denied' || most.decision === 'allowed') return own;
  return most;
}

/** A statement without resources would else fit every call, and one with principals is another kind of policy. */
function refuseOtherPolicies({ name, ...statement }: Statement): void {
  if (statement.principals !== undefined || statement.notPrincipals !== undefined)
    throw new Refusal(
      `${name} has a Principal, so that it belongs to a resource: only policies of identities are judged`,
    );
  if (statement.actions === undefined && statement.notActions === undefined)
    throw new Refusal(`${name} has neither Action nor NotAction: add one`);
  if (statement.resources === undefined && statement.notResources === undefined)
    throw new Refusal(`${name} has neither Resource nor NotResource: add one`);
}

/** True when the statement is about the action; capitals do not count. */
export function namesAction({ actions, notActions }: Statement, action: string): boolean {
  const names = (pattern: string): boolean => matchesWildcard(pattern.toLowerCase(), action.toLowerCase());
  return actions?.some(names) ?? !notActions?.some(names);
}

function coversResource({ name, resources, notResources }: Statement, resource: string): boolean {
  const covers = (pattern: string): boolean => {
    refuseVariable(pattern, `${name}: Resource`);
    if (pattern !== '*' && !pattern.startsWith('arn:'))
      throw new Refusal(`${name}: Resource ${quote(pattern)} is not an ARN: write arn:… or "*"`);
    return matchesWildcard(pattern, resource);
  };
  return resources?.some(covers) ?? !notResources?.some(covers);
}
