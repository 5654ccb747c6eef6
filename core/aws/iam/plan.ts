import * as z from 'zod';

/** An IAM role as a plan says it will be. */
export interface PlannedRole {
  /** `module.github.aws_iam_role.this["apply"]`. */
  readonly address: string;
  readonly name: string | undefined;
  /** The tag `purpose`. */
  readonly purpose: string | undefined;
  /** True when only the apply will tell the tag. */
  readonly isPurposeUnknown: boolean;
  /** The trust policy's JSON; `unknown` when only the apply will tell. */
  readonly policy: { readonly text: string } | 'unknown' | undefined;
}

const tags = z.record(z.string(), z.string().nullable()).nullish().catch(undefined);
const values = z.looseObject({
  name: z.string().nullish().catch(undefined),
  assume_role_policy: z.unknown().optional(),
  tags,
  tags_all: tags,
});
/** Beside each value true where it is unknown; a mapping may be unknown as a whole or key by key. */
const unknowns = z
  .looseObject({ assume_role_policy: z.unknown(), tags: z.unknown(), tags_all: z.unknown() })
  .partial()
  .catch({});
const change = z.looseObject({
  address: z.string(),
  mode: z.string().optional(),
  type: z.string(),
  change: z.looseObject({ after: z.looseObject({}).nullish(), after_unknown: z.unknown().optional() }),
});
const resource = z.looseObject({
  address: z.string(),
  mode: z.string().optional(),
  type: z.string(),
  values: z.looseObject({}).optional(),
});
const module = z.looseObject({
  resources: z.array(resource).optional(),
  get child_modules() {
    return z.array(module).optional();
  },
});
const parts = z.looseObject({
  errored: z.boolean().optional(),
  planned_values: z.looseObject({ root_module: module.optional() }).optional(),
  resource_changes: z.array(change).optional(),
});

/**
 * A plan as `terraform show -json` writes it, cut down to its roles.
 * https://developer.hashicorp.com/terraform/internals/json-format
 */
export const planSchema = parts.refine(
  (plan) => plan.planned_values !== undefined || plan.resource_changes !== undefined,
);

/**
 * Returns the roles that will be there after the apply. `resource_changes` alone says what is unknown; what is in
 * `planned_values` with another policy, or there alone, is a role too, so that neither half hides what the other says.
 */
export function rolesOf(plan: z.output<typeof planSchema>): PlannedRole[] {
  const isRole = ({ type, mode }: { type: string; mode?: string | undefined }): boolean =>
    type === 'aws_iam_role' && mode !== 'data';
  const changed = (plan.resource_changes ?? [])
    .filter(isRole)
    .flatMap(({ address, change: { after, after_unknown } }) => (after ? [toRole(address, after, after_unknown)] : []));
  const planned = resourcesOf(plan.planned_values?.root_module)
    .filter(isRole)
    .map(({ address, values }) => toRole(address, values ?? {}, undefined));
  const isNews = (role: PlannedRole): boolean =>
    !changed.some(
      ({ address, policy }) =>
        address === role.address && (role.policy === undefined || textOf(policy) === textOf(role.policy)),
    );
  return [...changed, ...planned.filter(isNews)];
}

function textOf(policy: PlannedRole['policy']): string | undefined {
  return typeof policy === 'object' ? policy.text : undefined;
}

function resourcesOf(root: z.output<typeof module> | undefined): z.output<typeof resource>[] {
  return [...(root?.resources ?? []), ...(root?.child_modules ?? []).flatMap(resourcesOf)];
}

function toRole(address: string, written: unknown, unknown: unknown): PlannedRole {
  const { name, assume_role_policy: policy, tags, tags_all: all } = values.parse(written);
  const open = unknowns.parse(unknown ?? {});
  const purpose = tags?.['purpose'] ?? all?.['purpose'] ?? undefined;
  return {
    address,
    name: name ?? undefined,
    purpose,
    isPurposeUnknown: purpose === undefined && (isUnknownTag(open.tags) || isUnknownTag(open.tags_all)),
    policy: open.assume_role_policy === true ? 'unknown' : toPolicy(policy),
  };
}

/** Terraform writes the policy as text; anything else is left to the policy's own reader. */
function toPolicy(written: unknown): PlannedRole['policy'] {
  if (written === undefined || written === null) return undefined;
  return { text: typeof written === 'string' ? written : JSON.stringify(written) };
}

function isUnknownTag(tags: unknown): boolean {
  return tags === true || (typeof tags === 'object' && tags !== null && Reflect.get(tags, 'purpose') === true);
}
