import * as z from 'zod';
import { parseStrictJson } from '#core/aws/iam/json.ts';
import { type PlannedRole, planSchema, rolesOf } from '#core/aws/iam/plan.ts';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import { PURPOSES, type Purpose, trustsWebIdentity } from '#core/aws/iam/trust.ts';
import { describeError, isExpected, quote, Refusal } from '#core/values/errors.ts';
import { findNearest } from '#core/values/suggest.ts';

/** A role's trust policy and what the role is for; `fault` where there is nothing to check. */
export type TrustSource =
  | { readonly name: string; readonly purpose: Purpose; readonly statements: readonly Statement[] }
  | { readonly name: string; readonly fault: string };

/** What a person asks for. */
export type WantedPurpose = Exclude<Purpose, 'other'>;

const described = z.looseObject({
  Role: z.looseObject({ RoleName: z.string(), AssumeRolePolicyDocument: z.unknown() }),
});

/**
 * Returns the trust policies in a file: a policy document, the answer of `aws iam get-role`, or a plan as
 * `terraform show -json` writes it, of which it takes the roles that will be there. Refuses a file that is none of them.
 */
export function readTrustSources(source: string, text: string, wanted: WantedPurpose): TrustSource[] {
  const written = parse(source, text);
  const planned = planSchema.safeParse(written);
  if (planned.success) return readPlan(source, rolesOf(planned.data), planned.data.errored ?? false, wanted);
  const answer = described.safeParse(written);
  const policy = answer.success ? answer.data.Role.AssumeRolePolicyDocument : written;
  if (policy === null || typeof policy !== 'object' || !('Statement' in policy))
    throw new Refusal(
      `${source} is neither a policy document (with a Statement) nor a plan: write the plan's JSON by terraform show -json PLAN`,
    );
  return [{ name: source, purpose: wanted, statements: parsePolicy(source, policy) }];
}

function parse(source: string, text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw new Refusal(`${source}: ${describeError(error)}`, { cause: error });
  }
}

function readPlan(
  source: string,
  roles: readonly PlannedRole[],
  errored: boolean,
  wanted: WantedPurpose,
): TrustSource[] {
  const sources = roles.flatMap((role) => readRole(`${source} ${role.address}`, role, wanted));
  const broken = errored
    ? [{ name: source, fault: 'the plan ended with an error, so that roles may be missing: plan again' }]
    : [];
  if (sources.some((one) => 'fault' in one || one.purpose === wanted)) return [...broken, ...sources];
  return [
    ...broken,
    ...sources,
    { name: source, fault: `the plan has no role for ${wanted}: tag it purpose = "${wanted}"` },
  ];
}

/** What keeps one role from being checked is a fault of that role, so that the others are still checked. */
function readRole(name: string, role: PlannedRole, wanted: WantedPurpose): TrustSource[] {
  const purpose = purposeOf(role, wanted);
  const misspelt = findMisspelling(role.purpose);
  const isWanted = purpose === wanted || purpose === 'other';
  if (!isWanted && !role.isPurposeUnknown) return []; // checked when asked for
  const statements = readPolicy(name, role);
  if ('faults' in statements) return statements.faults.map((fault) => ({ name, fault }));
  // A workflow cannot get in by a role of an AWS service; one that says it is for this purpose is checked all the same.
  if (role.purpose !== wanted && !trustsWebIdentity(statements.read)) return [];
  if (role.isPurposeUnknown) return [{ name, fault: 'the tag purpose is known only after the apply: write it out' }];
  if (misspelt !== undefined)
    return [{ name, fault: `the tag purpose ${quote(role.purpose ?? '')} is not known; did you mean "${misspelt}"?` }];
  return [{ name, purpose, statements: statements.read }];
}

function readPolicy(name: string, { policy }: PlannedRole): { read: Statement[] } | { faults: string[] } {
  if (policy === 'unknown')
    return {
      faults: [
        'the trust policy is known only after the apply, so that no one can check it: write it without what is made in the same apply',
      ],
    };
  if (policy === undefined) return { faults: ['has no trust policy'] };
  try {
    return { read: parsePolicy(name, parse(name, policy.text)) };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { faults: error.message.split('\n').map((line) => line.slice(`${name}: `.length)) };
  }
}

function findMisspelling(tag: string | undefined): string | undefined {
  return tag === undefined || PURPOSES.some((known) => known === tag) ? undefined : findNearest(tag, PURPOSES);
}

/** By the tag, else by the name; a role that says nothing is what was asked for. */
function purposeOf({ purpose: tag, name, address }: PlannedRole, wanted: WantedPurpose): Purpose {
  const known = PURPOSES.find((purpose) =>
    tag === undefined ? new RegExp(`(^|[^a-z])${purpose}([^a-z]|$)`, 'i').test(name ?? address) : tag === purpose,
  );
  return known ?? (tag === undefined ? wanted : 'other');
}
