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
interface Module {
  resources?: { address: string; mode?: string | undefined; type: string; values?: unknown }[] | undefined;
  child_modules?: Module[] | undefined;
}
const moduleOf: z.ZodType<Module> = z.lazy(() =>
  z.looseObject({
    resources: z
      .array(
        z.looseObject({
          address: z.string(),
          mode: z.string().optional(),
          type: z.string(),
          values: z.unknown().optional(),
        }),
      )
      .optional(),
    child_modules: z.array(moduleOf).optional(),
  }),
);
const values = z.looseObject({ planned_values: z.looseObject({ root_module: moduleOf }) });
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
  if (planned.success) return readPlan(source, planned.data.resource_changes, purpose);
  const state = values.safeParse(written);
  if (state.success) return readPlan(source, collectChanges(state.data.planned_values.root_module), purpose);
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

/** A plan that was cut down to what will be there has no changes; what will be there is the same. */
function collectChanges(module: Module): z.output<typeof change>[] {
  const own = (module.resources ?? []).map(({ values: after, ...rest }) => ({
    ...rest,
    change: { actions: ['create'], after },
  }));
  return [...own, ...(module.child_modules ?? []).flatMap(collectChanges)];
}

function readPlan(
  source: string,
  changes: readonly z.output<typeof change>[],
  wanted: Exclude<Purpose, 'other'>,
): TrustSource[] {
  const roles = changes.filter(
    ({ type, mode, change: { after } }) => type === 'aws_iam_role' && mode !== 'data' && after !== null,
  );
  const sources = roles.flatMap(({ address, change: { after, after_unknown } }): TrustSource[] => {
    const name = `${source} ${address}`;
    const { assume_role_policy: policy, tags, name: roleName } = role.parse(after);
    const declared = purposeOf(tags?.['purpose'] ?? undefined, roleName ?? address);
    const purpose = declared ?? wanted; // what says nothing is held to what was asked for
    if (purpose !== wanted && purpose !== 'other') return []; // checked when asked for
    if (typeof policy === 'string' && declared !== wanted && isForServices(name, policy)) return [];
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

/** A role of AWS's own services is none that a workflow could get. */
function isForServices(name: string, policy: string): boolean {
  return parsePolicy(name, parseJson(name, policy)).every(
    ({ principals = {}, notPrincipals }) => notPrincipals === undefined && Object.keys(principals).join() === 'Service',
  );
}

/** By the tag, else by the name; undefined for a role that says nothing. */
function purposeOf(tag: string | undefined, name: string): Purpose | undefined {
  const known = (['plan', 'apply', 'build-push'] as const).find((purpose) =>
    tag === undefined ? new RegExp(`(^|[^a-z])${purpose}([^a-z]|$)`, 'i').test(name) : tag === purpose,
  );
  return known ?? (tag === undefined ? undefined : 'other');
}
