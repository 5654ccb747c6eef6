import { quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/**
 * IAM's condition operators, without ForAnyValue, ForAllValues and IfExists. From
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
const OPERATORS = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'NumericEquals',
  'NumericNotEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
  'Bool',
  'BinaryEquals',
  'IpAddress',
  'NotIpAddress',
  'ArnEquals',
  'ArnLike',
  'ArnNotEquals',
  'ArnNotLike',
  'Null',
] as const;

/** A condition operator, taken apart. */
export interface ConditionOperator {
  readonly quantifier: 'ForAnyValue' | 'ForAllValues' | undefined;
  /** Without quantifier and IfExists: `StringLike`. */
  readonly operator: string;
  /** True when a key that is missing from the request satisfies it. */
  readonly ifExists: boolean;
}

/** Returns a condition operator taken apart, or refuses a name that IAM does not know. */
export function readOperator(text: string): ConditionOperator {
  const [, quantifier, rest = ''] = /^(?:([^:]*):)?(.*)$/s.exec(text) ?? [];
  const refuse = (said: string, known: readonly string[]): never => {
    throw new Refusal(`the operator ${quote(text)} is not known${suggestName(said, known)}`);
  };
  if (quantifier !== undefined && quantifier !== 'ForAnyValue' && quantifier !== 'ForAllValues')
    return refuse(quantifier, ['ForAnyValue', 'ForAllValues']);
  const ifExists = rest.endsWith('IfExists');
  const bare = ifExists ? rest.slice(0, -'IfExists'.length) : rest;
  const operator = OPERATORS.find((known) => known === bare) ?? refuse(bare, OPERATORS);
  // Null asks for existence itself.
  if (operator === 'Null' && (ifExists || quantifier !== undefined)) return refuse('Null', ['Null']);
  return { quantifier, operator, ifExists };
}
