import * as z from 'zod';
import type { Builds, FailedRelease, Intent } from '#core/release/intent.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { isDigest } from '#core/values/reference.ts';

/** The version of the form below; a writer leaves intents of a newer one to those who know it. */
const SCHEMA = 1;

const commit = z.custom<CommitSha>((value) => typeof value === 'string' && /^[0-9a-f]{40}$/.test(value));
const build = z.strictObject({
  digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
  source: commit,
});
const name = z.string().min(1).max(255);
const time = z.iso.datetime().transform((text) => new Date(text));
/** A record passes this one key over, and what an intent says must not be read by halves. */
const isWhole = (value: unknown): boolean => !Object.hasOwn(Object(value), '__proto__');
const images = z
  .custom<Record<string, z.input<typeof build>>>(isWhole)
  .pipe(z.record(name, build))
  .transform((record): Builds => new Map(Object.entries(record)));
const newest = z
  .custom<Record<string, CommitSha>>(isWhole)
  .pipe(z.record(name, commit))
  .transform((record): FailedRelease['newest'] => new Map(Object.entries(record)));
const failed = z.strictObject({ commit, newest, until: time });
const common = {
  schema: z.literal(SCHEMA),
  id: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/),
  run: z.string().max(2_000),
  actor: z.string().max(255),
  at: time,
  reason: z.string().max(2_000),
};
const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('deploy'),
    environments: z.array(name).min(1).nullable(),
    images,
    isByHand: z.boolean(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('rollback'),
    environment: name,
    images,
    isUnchecked: z.boolean(),
    failed: failed.optional(),
  }),
  z.strictObject({ ...common, kind: z.literal('promotion'), environment: name, images }),
  z.strictObject({ ...common, kind: z.literal('hold'), environment: name, image: name, until: time.nullable() }),
  z.strictObject({ ...common, kind: z.literal('release'), environment: name, image: name, images }),
]);

/** Returns an intent as its commit carries it: one JSON object on one line, as message and as the one file. */
export function formatIntent(intent: Intent): string {
  const maps = 'images' in intent ? { images: Object.fromEntries(intent.images) } : {};
  const missing = {
    ...(intent.kind === 'deploy' ? { environments: intent.environments ?? null } : {}),
    ...(intent.kind === 'hold' ? { until: intent.until ?? null } : {}),
    ...(intent.kind === 'rollback' && intent.failed !== undefined ? { failed: toRecord(intent.failed) } : {}),
  };
  return JSON.stringify({ schema: SCHEMA, ...intent, ...maps, ...missing });
}

/** Returns the intent of a commit's message; undefined for anything that is not one of this version. */
export function parseIntent(message: string): Intent | undefined {
  const parsed = schema.safeParse(readJson(message));
  if (!parsed.success) return undefined;
  const { schema: _schema, ...intent } = parsed.data;
  if (intent.kind === 'deploy') return { ...intent, environments: intent.environments ?? undefined };
  if (intent.kind === 'hold') return { ...intent, until: intent.until ?? undefined };
  if (intent.kind !== 'rollback') return intent;
  const { failed, ...asked } = intent;
  return failed === undefined ? asked : { ...asked, failed };
}

function toRecord({ newest, ...failed }: FailedRelease) {
  return { ...failed, newest: Object.fromEntries(newest) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
