import type { Condition } from '#core/aws/iam/policy.ts';
import { matchesArn, matchesWildcard } from '#core/aws/iam/wildcard.ts';
import { quote, Refusal } from '#core/values/errors.ts';

type Compare = (value: string, wanted: string) => boolean;

const byNumber =
  (compare: (value: number, wanted: number) => boolean): Compare =>
  (value, wanted) =>
    compare(toNumber(value), toNumber(wanted));

/** The operators that are judged, without negation; ArnEquals and ArnLike are the same to IAM. */
const COMPARISONS: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['StringEquals', (value, wanted) => value === wanted],
  ['StringEqualsIgnoreCase', (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
  ['StringLike', (value, wanted) => matchesWildcard(wanted, value)],
  ['ArnEquals', (value, wanted) => matchesArn(wanted, value)],
  ['ArnLike', (value, wanted) => matchesArn(wanted, value)],
  ['Bool', (value, wanted) => toBoolean(value) === toBoolean(wanted)],
  ['NumericEquals', byNumber((value, wanted) => value === wanted)],
  ['NumericLessThan', byNumber((value, wanted) => value < wanted)],
  ['NumericLessThanEquals', byNumber((value, wanted) => value <= wanted)],
  ['NumericGreaterThan', byNumber((value, wanted) => value > wanted)],
  ['NumericGreaterThanEquals', byNumber((value, wanted) => value >= wanted)],
]);

/**
 * True when a condition holds for the values that the request has under its key; none at all is a key that is missing.
 * After "Condition operators" and, for ForAnyValue and ForAllValues, "Single-valued vs. multivalued context keys":
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 * Refuses an operator that is not judged, a policy variable, and several values under an operator for one.
 */
export function holdsCondition(condition: Condition, found: readonly string[] = []): boolean {
  const { quantifier, operator, ifExists, key, values } = condition;
  for (const value of values) refuseVariable(value, `the condition on ${key}`);
  if (operator === 'Null') return values.some((value) => toBoolean(value) === (found.length === 0));
  const isNegated = /^(String|Arn|Numeric)Not/.test(operator);
  const compare = COMPARISONS.get(isNegated ? operator.replace('Not', '') : operator);
  if (compare === undefined)
    throw new Refusal(`the condition operator ${operator} on ${key} is not judged here: judge this call by hand`);
  // "If the key is not present, the condition is true" for negated operators; ForAnyValue asks for one value at least.
  if (found.length === 0) return ifExists || quantifier === 'ForAllValues' || (isNegated && quantifier === undefined);
  if (found.length > 1 && quantifier === undefined)
    throw new Refusal(
      `${operator} on ${key} is for one value, and the request has ${found.length}: write ForAnyValue:${operator} or ForAllValues:${operator}`,
    );
  const fits = (value: string): boolean => values.some((wanted) => compare(value, wanted)) !== isNegated;
  return quantifier === 'ForAnyValue' ? found.some(fits) : found.every(fits);
}

/** Refuses `${aws:username}` and its like: its value is not known here. */
export function refuseVariable(text: string, place: string): void {
  if (text.includes('${'))
    throw new Refusal(`${place}: the policy variable in ${quote(text)} is not judged here: write the value itself`);
}

function toNumber(text: string): number {
  if (text.trim() === '' || Number.isNaN(Number(text)))
    throw new Refusal(`${quote(text)} is not a number: a Numeric operator compares it`);
  return Number(text);
}

function toBoolean(text: string): boolean {
  if (!/^(true|false)$/i.test(text))
    throw new Refusal(`${quote(text)} is neither true nor false: Bool or Null compares it`);
  return text.toLowerCase() === 'true';
}
