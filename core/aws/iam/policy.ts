import * as z from 'zod';
import { type ConditionOperator, readOperator } from '#core/aws/iam/operators.ts';
import { describeError, quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** A condition, with the parts of its operator taken apart: `ForAnyValue:StringLikeIfExists`. */
export interface Condition extends ConditionOperator {
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

/** Returns a schema for one value or a list of them, always giving a list. */
const listOf = <T extends z.ZodType>(one: T, error: string) =>
  z.union([one.transform((value) => [value]), z.array(one)], { error });
const actions = listOf(
  z.string().regex(/^(\*|[\w*?-]+:[\w*?]+)$/),
  'is not an action: write it as service:Action, such as sqs:SendMessage, or several in a list',
);
const resources = listOf(z.string().min(1), 'is not a resource: write an ARN, or several in a list');
const kinds = z.enum(['AWS', 'Federated', 'Service', 'CanonicalUser']);
const principal = z.union(
  [
    z.literal('*').transform(() => ({ '*': ['*'] })),
    z.partialRecord(kinds, listOf(z.string().min(1), 'is not a principal')).transform((named) => ({ ...named })),
  ],
  { error: 'is not a principal: write "*", or AWS, Federated, Service or CanonicalUser with one value or a list' },
);
const conditions = z.record(
  z.string(),
  z.record(
    z.string(),
    listOf(
      z.union([z.string(), z.number(), z.boolean()]).transform(String),
      'is not a condition value: write one text, or several in a list',
    ),
    { error: 'is not a mapping: write the condition key and its value' },
  ),
  { error: 'is not a mapping: write {operator: {key: value}}' },
);
const statement = z.strictObject(
  {
    Sid: z.string('is not text').optional(),
    Effect: z.enum(['Allow', 'Deny'], 'is not an effect: write "Allow" or "Deny"'),
    Principal: principal.optional(),
    NotPrincipal: principal.optional(),
    Action: actions.optional(),
    NotAction: actions.optional(),
    Resource: resources.optional(),
    NotResource: resources.optional(),
    Condition: conditions.optional(),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'is not a statement: write an object with an Effect' : undefined,
  },
);
const noPolicy = 'is not a policy document: write an object with Version and Statement';
const document = z.strictObject(
  {
    Version: z
      .enum(['2012-10-17', '2008-10-17'], 'is not a version of the policy language: write "2012-10-17"')
      .optional(),
    Id: z.string('is not text').optional(),
    Statement: z.preprocess(
      (written) => (Array.isArray(written) || written === undefined ? written : [written]),
      z.array(statement).min(1, 'is empty: write at least one statement'),
    ),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? noPolicy : undefined) },
);
type WrittenStatement = z.output<typeof statement>;

/**
 * Returns the statements of a policy document; refuses what IAM's grammar does not have with every fault, a line each.
 * Names count with their case: what IAM may forgive is refused, so that nothing is overlooked.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(source: string, written: unknown): Statement[] {
  const parsed = document.safeParse(written);
  const faults = parsed.success
    ? [...findRepeatedSids(parsed.data.Statement), ...parsed.data.Statement.flatMap(findContradictions)]
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, written));
  if (!parsed.success || faults.length > 0) throw new Refusal(faults.map((fault) => `${source}: ${fault}`).join('\n'));
  return parsed.data.Statement.map((one, index) => ({
    name: nameOf(one, index),
    effect: one.Effect,
    principals: one.Principal,
    notPrincipals: one.NotPrincipal,
    actions: one.Action,
    notActions: one.NotAction,
    resources: one.Resource,
    notResources: one.NotResource,
    conditions: Object.entries(one.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ({ ...readOperator(operator), key: key.toLowerCase(), values })),
    ),
  }));
}

function nameOf({ Sid }: WrittenStatement, index: number): string {
  return Sid || `statement ${index + 1}`;
}

/** Says what is wrong at one place: the place, the value as it is written, the remedy. */
function describeIssue(issue: z.core.$ZodIssue, written: unknown): string[] {
  const [first, index, ...rest] = issue.path;
  const inside = first === 'Statement' && typeof index === 'number';
  const prefix = inside ? `statement ${index + 1}: ` : '';
  const names = (inside ? rest : issue.path).map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = rest.length > 0 ? kinds.options : Object.keys((inside ? statement : document).shape);
    return issue.keys.map((key) => `${prefix}the element ${quote(key)} is not known${suggestName(key, known)}`);
  }
  // A single statement may be written without a list, so its number is not in what was written.
  const value = valueAt(
    inside && !Array.isArray(valueAt(['Statement'], written)) ? ['Statement', ...rest] : issue.path,
    written,
  );
  if (value === undefined && names.length > 0) return [`${prefix}${names.join('.')} is missing: add it`];
  const shown = typeof value === 'string' ? quote(value) : String(JSON.stringify(value)).slice(0, 200);
  return [`${prefix}${[...names, shown].join(' ')} ${issue.message}`];
}

function valueAt(path: readonly PropertyKey[], written: unknown): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    written,
  );
}

function findRepeatedSids(statements: readonly WrittenStatement[]): string[] {
  const sids = statements.flatMap(({ Sid }) => Sid || []);
  const repeated = new Set(sids.filter((sid, index) => sids.indexOf(sid) !== index));
  return [...repeated].map((sid) => `the Sid ${quote(sid)} is there twice: give each statement its own`);
}

/** What no schema says: elements that exclude each other, operators, keys that differ by case alone. */
function findContradictions(written: WrittenStatement, index: number): string[] {
  const pairs = [
    ['Principal', 'NotPrincipal'],
    ['Action', 'NotAction'],
    ['Resource', 'NotResource'],
  ] as const;
  const both = pairs.flatMap(([one, other]) =>
    written[one] !== undefined && written[other] !== undefined ? [`has ${one} and ${other}: keep one`] : [],
  );
  const operators = Object.entries(written.Condition ?? {}).flatMap(([operator, block]) => [
    ...describeOperatorFault(operator),
    ...findCaseTwins(Object.keys(block)),
  ]);
  return [...both, ...operators].map((fault) => `${nameOf(written, index)}: ${fault}`);
}

function describeOperatorFault(operator: string): string[] {
  try {
    readOperator(operator);
    return [];
  } catch (error) {
    return [describeError(error)];
  }
}

function findCaseTwins(keys: readonly string[]): string[] {
  const lower = keys.map((key) => key.toLowerCase());
  return keys
    .filter((_, index) => lower.indexOf(lower[index] ?? '') !== index)
    .map((key) => `the condition key ${quote(key)} is there twice, as capitals do not count: keep one`);
}
