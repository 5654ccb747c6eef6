import * as z from 'zod';
import { InputError } from '#core/values/errors.ts';

const resource = z.looseObject({ address: z.string(), mode: z.string(), type: z.string() });
interface Module {
  resources?: z.output<typeof resource>[] | undefined;
  child_modules?: Module[] | undefined;
}
const moduleOf: z.ZodType<Module> = z.lazy(() =>
  z.looseObject({ resources: z.array(resource).optional(), child_modules: z.array(moduleOf).optional() }),
);
const plan = z.looseObject({ planned_values: z.looseObject({ root_module: moduleOf }) });

/** A resource that will be there after the plan is applied. */
export interface PlannedResource {
  readonly address: string;
  /** `aws_sqs_queue`. */
  readonly type: string;
}

/** Returns the resources of a plan as `terraform show -json` writes it, those of its modules too. */
export function parsePlannedResources(source: string, text: string): PlannedResource[] {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    throw new InputError(source, text.trim().slice(0, 40), 'is not JSON: give the output of terraform show -json PLAN');
  }
  const parsed = plan.safeParse(written);
  if (!parsed.success)
    throw new InputError(
      source,
      text.trim().slice(0, 40),
      'is not a plan: give the output of terraform show -json PLAN',
    );
  return collect(parsed.data.planned_values.root_module);
}

function collect(module: Module): PlannedResource[] {
  // terraform_data is in the state alone
  const own = (module.resources ?? []).filter(({ mode, type }) => mode === 'managed' && type !== 'terraform_data');
  return [...own.map(({ address, type }) => ({ address, type })), ...(module.child_modules ?? []).flatMap(collect)];
}
