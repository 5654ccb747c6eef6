import * as z from 'zod';
import { InputError } from '#core/values/errors.ts';

const part = z.strictObject({
  what: z.string(),
  unit: z.string(),
  price: z.number().nonnegative(),
  free: z.number().nonnegative().default(0),
  low: z.number().nonnegative(),
  high: z.number().nonnegative(),
  /** Where the usage comes from, as a sentence. */
  assumes: z.string().optional(),
});
const table = z.strictObject({
  asOf: z.iso.date(),
  region: z.string(),
  currency: z.string(),
  note: z.string(),
  groups: z.array(
    z.strictObject({
      name: z.string(),
      tenantSays: z.string(),
      pages: z.array(z.url()),
      types: z.record(z.string(), z.array(part)),
    }),
  ),
  outside: z.array(
    z.strictObject({ name: z.string(), tenantSays: z.string(), pages: z.array(z.url()), parts: z.array(part) }),
  ),
});

/** What one unit costs in a month, how many are free for all resources together, and how many each resource uses. */
export type Part = z.output<typeof part>;

/** The dated prices and the usage that they are multiplied with. */
export type Prices = z.output<typeof table>;

/** Reads terraform/prices.json. */
export function parsePrices(source: string, text: string): Prices {
  const parsed = table.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(source, issue?.path.join('.') ?? '', `is not as a price table has it: ${issue?.message ?? ''}`);
}
