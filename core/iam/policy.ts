import * as z from 'zod';
import { InputError } from '#core/errors.ts';

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const values = z.union([
  z.union([z.string(), z.boolean(), z.number()]).transform((value) => [String(value)]),
  z.array(z.union([z.string(), z.boolean(), z.number()]).transform(String)),
]);
const principal = z.union([z.literal('*').transform(() => ({ '*': ['*'] })), z.record(z.string(), texts)]);
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: principal.optional(),
  NotPrincipal: principal.optional(),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Condition: z.record(z.string(), z.record(z.string(), values)).optional(),
});
const document = z.strictObject({
  Version: z.string().optional(),
  Id: z.string().optional(),
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});

/** A condition, with the parts of its operator taken apart: `ForAnyValue:StringLikeIfExists`. */
export interface Condition {
  readonly quantifier: 'ForAnyValue' | 'ForAllValues' | undefined;
  /** Without quantifier and IfExists: `StringLike`. */
  readonly operator: string;
  readonly ifExists: boolean;
  /** In lower case: IAM does not tell `aws:SecureTransport` from `aws:securetransport`. */
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement of a policy; lists that are not written are undefined. */
export interface Statement {
  /** The Sid, or `statement 2`. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  /** By kind: `{Federated: ["arn:…"]}`, and `{"*": ["*"]}` for everybody. */
  readonly principals: Readonly<Record<string, readonly string[]>> | undefined;
  readonly notPrincipals: Readonly<Record<string, readonly string[]>> | undefined;
  readonly actions: readonly string[] | undefined;
  readonly notActions: readonly string[] | undefined;
  readonly resources: readonly string[] | undefined;
  readonly notResources: readonly string[] | undefined;
  readonly conditions: readonly Condition[];
}

/**
 * Returns the statements of a policy document; refuses what IAM's grammar does not have.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(source: string, written: unknown): Statement[] {
  const parsed = document.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') || 'the document';
    throw new InputError(source, place, `is not as IAM's policy grammar has it: ${issue?.message ?? 'wrong form'}`);
  }
  return parsed.data.Statement.map((one, index) => ({
    name: one.Sid || `statement ${index + 1}`,
    effect: one.Effect,
    principals: one.Principal,
    notPrincipals: one.NotPrincipal,
    actions: one.Action,
    notActions: one.NotAction,
    resources: one.Resource,
    notResources: one.NotResource,
    conditions: Object.entries(one.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, wanted]) => ({
        ...readOperator(operator),
        key: key.toLowerCase(),
        values: wanted,
      })),
    ),
  }));
}

function readOperator(text: string): Pick<Condition, 'quantifier' | 'operator' | 'ifExists'> {
  const [, quantifier, operator = text, ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(.+?)(IfExists)?$/.exec(text) ?? [];
  return {
    quantifier: quantifier === 'ForAnyValue' || quantifier === 'ForAllValues' ? quantifier : undefined,
    operator,
    ifExists: ifExists !== undefined,
  };
}
