import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { InputError, Refusal } from '#core/values/errors.ts';
import { isObject, parseJson } from '#core/values/json.ts';
import { quoteWord } from '#core/values/shell.ts';

/** The major versions of the format that are read; a minor version only adds. */
const READABLE = /^[01]\.\d+$/;

const path = z.array(z.union([z.string(), z.number()]));

const change = z.object({
  actions: z.array(z.string()),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: z.unknown().optional(),
  before_sensitive: z.unknown().optional(),
  after_sensitive: z.unknown().optional(),
  replace_paths: z.array(path).optional(),
  importing: z.object({ id: z.string().optional(), identity: z.unknown().optional() }).nullish(),
});

const resourceChange = z.object({
  address: z.string(),
  previous_address: z.string().optional(),
  mode: z.string().optional(),
  type: z.string(),
  provider_name: z.string().optional(),
  deposed: z.string().optional(),
  change,
  action_reason: z.string().optional(),
});

const check = z.object({
  address: z.object({ to_display: z.string() }),
  status: z.string(),
  instances: z
    .array(z.object({ status: z.string(), problems: z.array(z.object({ message: z.string() })).optional() }))
    .optional(),
});

const planFile = z.object({
  terraform_version: z.string().optional(),
  // the moment that plantimestamp() gives
  timestamp: z.string().optional(),
  resource_changes: z.array(resourceChange).default([]),
  resource_drift: z.array(resourceChange).default([]),
  deferred_changes: z.array(z.object({ reason: z.string().optional(), resource_change: resourceChange })).default([]),
  action_invocations: z
    .array(
      z.object({
        address: z.string(),
        type: z.string().default('action'),
        lifecycle_action_trigger: z.object({ triggering_resource_address: z.string().optional() }).nullish(),
      }),
    )
    .default([]),
  output_changes: z.record(z.string(), change).default({}),
  checks: z.array(check).default([]),
  errored: z.boolean().default(false),
  complete: z.boolean().optional(),
  // only secrets are looked for in these
  variables: z.record(z.string(), z.object({ value: z.unknown().optional() })).default({}),
  planned_values: z.unknown().optional(),
  prior_state: z.unknown().optional(),
  configuration: z.unknown().optional(),
});

/** A plan as `terraform show -json` and `tofu show -json` write it: what is read here. */
export type PlanFile = z.output<typeof planFile>;
/** One change of a {@link PlanFile}: of a resource, or of an output. */
export type Change = z.output<typeof change>;
/** The change of one resource, as the plan has it. */
export type ResourceChange = z.output<typeof resourceChange>;

/** Returns the plan in a file's text, or refuses with one sentence that says what the file is and what to give. */
export function parsePlanFile(source: string, text: string): PlanFile {
  if (text.startsWith('PK\x03\x04'))
    throw new Refusal(
      `${source} is a saved plan, not its JSON: type ${describeShow(source)} > plan.json, then give plan.json (tofu in place of terraform where OpenTofu made it)`,
    );
  const written = readJson(source, text);
  if (!isObject(written)) throw refuse(source, 'is not a plan');
  const version = String(written['format_version'] ?? '');
  if (!READABLE.test(version) && version !== '')
    throw new InputError(
      `${source}: format_version`,
      version,
      'is newer than 1.x, the newest that is read: upgrade Slipway',
    );
  if ('values' in written && !('resource_changes' in written)) throw refuse(source, 'is a state, not a plan');
  const parsed = planFile.safeParse(written);
  if (version === '' || !parsed.success) {
    const where = parsed.error?.issues[0]?.path.join('.') ?? '';
    throw refuse(source, where === '' ? 'is not a plan' : `is not a plan (at ${where})`);
  }
  return parsed.data;
}

/** Terraform shows a plan in the folder that it was planned in only. */
function describeShow(source: string): string {
  const folder = dirname(source);
  const where = folder === '.' ? '' : `-chdir=${quoteWord(folder)} `;
  return `terraform ${where}show -json ${quoteWord(basename(source))}`;
}

function readJson(source: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    const isLog = /^\s*\{"@level"/.test(text);
    throw refuse(source, isLog ? 'is the log of terraform plan -json, not a plan' : 'is not JSON');
  }
}

function refuse(source: string, fault: string): Refusal {
  return new Refusal(`${source} ${fault}: give the output of terraform show -json PLAN (or tofu show -json PLAN)`);
}
