import { Refusal } from '#core/errors.ts';
import type { Condition, Statement } from '#core/iam/policy.ts';

/** A call of an AWS API. */
export interface Call {
  /** `dynamodb:GetItem`. */
  readonly action: string;
  /** ARN, or `*` for a call that has no resource. */
  readonly resource: string;
  /** Values of condition keys, by the key in lower case. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** What IAM says: `denied` when no statement allows it, `explicitly denied` when one denies it. */
export interface Decision {
  readonly decision: 'allowed' | 'denied' | 'explicitly denied';
  /** The statement that decided. */
  readonly by: string | undefined;
}

/**
 * Judges a call by identity policies as IAM does within one account: a deny wins, then an allow, else it is denied.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * Throws on an operator that it does not know, rather than guess.
 */
export function evaluatePolicies(statements: readonly Statement[], call: Call): Decision {
  const fitting = statements.filter((statement) => applies(statement, call));
  const deny = fitting.find((statement) => statement.effect === 'Deny');
  if (deny !== undefined) return { decision: 'explicitly denied', by: deny.name };
  const allow = fitting.find((statement) => statement.effect === 'Allow');
  return allow === undefined ? { decision: 'denied', by: undefined } : { decision: 'allowed', by: allow.name };
}

function applies(statement: Statement, { action, resource, context = {} }: Call): boolean {
  const { actions, notActions, resources, notResources, conditions } = statement;
  const names = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));
  const covers = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(pattern, resource));
  return (
    (actions === undefined || names(actions)) &&
    (notActions === undefined || !names(notActions)) &&
    (resources === undefined || covers(resources)) &&
    (notResources === undefined || !covers(notResources)) &&
    conditions.every((condition) => holds(condition, context[condition.key]))
  );
}

/** `*` stands for any characters, `?` for one. */
function matches(pattern: string, text: string): boolean {
  if (pattern.includes('${')) throw new Refusal(`the policy variable in ${pattern} is not judged here`);
  const source = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  return new RegExp(`^${source}$`).test(text);
}

const COMPARISONS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: (value, wanted) => matches(wanted, value),
  ArnEquals: (value, wanted) => matches(wanted, value), // "ArnEquals and ArnLike behave identically"
  ArnLike: (value, wanted) => matches(wanted, value),
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (value, wanted) => Number(value) === Number(wanted),
  NumericLessThan: (value, wanted) => Number(value) < Number(wanted),
  NumericLessThanEquals: (value, wanted) => Number(value) <= Number(wanted),
  NumericGreaterThan: (value, wanted) => Number(value) > Number(wanted),
  NumericGreaterThanEquals: (value, wanted) => Number(value) >= Number(wanted),
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html */
function holds({ quantifier, operator, ifExists, values }: Condition, found: readonly string[] | undefined): boolean {
  if (operator === 'Null') return values.some((value) => (value.toLowerCase() === 'true') === (found === undefined));
  const isNegated = /^(String|Arn|Numeric)Not/.test(operator);
  const compare = COMPARISONS[isNegated ? operator.replace('Not', '') : operator];
  if (compare === undefined) throw new Refusal(`the condition operator ${operator} is not judged here`);
  if (found === undefined || found.length === 0) {
    if (quantifier === 'ForAllValues' || ifExists) return true;
    return isNegated && quantifier === undefined; // "if the key is not present, the condition is true" for negated operators
  }
  const fits = (value: string): boolean => values.some((wanted) => compare(value, wanted)) !== isNegated;
  return quantifier === 'ForAnyValue' ? found.some(fits) : found.every(fits);
}
