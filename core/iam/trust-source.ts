import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import { parsePolicy, type Statement } from '#core/iam/policy.ts';
import type { Purpose } from '#core/iam/trust.ts';

/** A role's trust policy and what the role is for; `fault` where there is nothing to check. */
export type TrustSource =
  | { readonly name: string; readonly purpose: Purpose; readonly statements: readonly Statement[] }
  | { readonly name: string; readonly fault: string };

const role = z.looseObject({
  name: z.string().nullish(),
  assume_role_policy: z.string().nullish(),
  tags: z.record(z.string(), z.string().nullable()).nullish(),
});
const change = z.looseObject({
  address: z.string(),
  mode: z.string().optional(),
  type: z.string(),
  change: z.looseObject({
    actions: z.array(z.string()),
    after: z.unknown(),
    after_unknown: z.unknown().optional(),
  }),
});
const plan = z.looseObject({ resource_changes: z.array(change) });
const described = z.looseObject({
  Role: z.looseObject({ RoleName: z.string(), AssumeRolePolicyDocument: z.unknown() }),
});

/**
 * Returns the trust policies in a file: a policy document, the answer of `aws iam get-role`, or a plan as
 * `terraform show -json` writes it, of which it takes the roles that will be there.
 */
export function readTrustSources(source: string, text: string, purpose: Exclude<Purpose, 'other'>): TrustSource[] {
  const written = parseJson(source, text);
  const planned = plan.safeParse(written);
  if (planned.success) return readPlan(source, planned.data, purpose);
  const answer = described.safeParse(written);
  const policy = answer.success ? answer.data.Role.AssumeRolePolicyDocument : written;
  if (policy === null || typeof policy !== 'object' || !('Statement' in policy))
    throw new InputError(
      source,
      text.trim().slice(0, 40),
      'is neither a policy document (with a Statement) nor a plan (terraform show -json PLAN)',
    );
  return [{ name: source, purpose, statements: parsePolicy(source, policy) }];
}

function parseJson(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(
      source,
      text.trim().slice(0, 40),
      'is not JSON: give a policy document, or the output of terraform show -json PLAN',
    );
  }
}

function readPlan(source: string, written: z.output<typeof plan>, wanted: Exclude<Purpose, 'other'>): TrustSource[] {
  const roles = written.resource_changes.filter(
    ({ type, mode, change: { after } }) => type === 'aws_iam_role' && mode !== 'data' && after !== null,
  );
  const sources = roles.flatMap(({ address, change: { after, after_unknown } }): TrustSource[] => {
    const name = `${source} ${address}`;
    const { assume_role_policy: policy, tags, name: roleName } = role.parse(after);
    const purpose = purposeOf(tags?.['purpose'] ?? undefined, roleName ?? address, wanted);
    if (purpose !== wanted && purpose !== 'other') return []; // checked when asked for
    if (typeof policy === 'string') return [{ name, purpose, statements: parsePolicy(name, parseJson(name, policy)) }];
    const isUnknown = role.extend({ assume_role_policy: z.literal(true) }).safeParse(after_unknown).success;
    return [
      {
        name,
        fault: isUnknown
          ? 'the trust policy is known only after the apply, so that nobody can check it: write it without what is made in the same apply'
          : 'has no trust policy',
      },
    ];
  });
  if (sources.some((one) => 'fault' in one || one.purpose === wanted)) return sources;
  return [...sources, { name: source, fault: `the plan has no role for ${wanted}: tag it purpose = "${wanted}"` }];
}

/** By the tag, else by the name's end; a role that says nothing is what was asked for. */
function purposeOf(tag: string | undefined, name: string, wanted: Purpose): Purpose {
  const known = (['plan', 'apply', 'build-push'] as const).find((purpose) =>
    tag === undefined ? new RegExp(`(^|[-_/"])${purpose}("?\\])?$`).test(name) : tag === purpose,
  );
  return known ?? (tag === undefined ? wanted : 'other');
}
