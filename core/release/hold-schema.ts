import * as z from 'zod';
import { REPOSITORY_NAME } from '#core/config/config.ts';
import { COMMIT, DIGEST, isCommitSha, isDigest } from '#core/values/reference.ts';

/** The kinds of hold. All but `accepted` keep automatic bumps away from an image. */
export const HOLD_KINDS = ['rollback', 'manual', 'freeze', 'accepted'] as const;

const WRITTEN = '2026-01-31T16:00:00Z or 2026-01-31T16:00:00-05:00';
const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?[ \t]*(?:[Zz]|([+-])(\d{1,2})(?::?(\d{2}))?)$/;

const text = (description: string) => z.string().regex(/\S/, 'is empty: write it').describe(description);

const moment = (description: string) =>
  z
    .string()
    .meta({ description: `${description} ISO 8601 with its zone, such as ${WRITTEN}.`, pattern: MOMENT.source })
    .transform((written, context) => {
      const parsed = parseMoment(written);
      if (parsed instanceof Date) return parsed;
      context.addIssue({ code: 'custom', message: parsed });
      return z.NEVER;
    });

/** One hold as it is written; holds.schema.json is made from the list of them. */
export const holdSchema = z
  .strictObject({
    image: z
      .string()
      .regex(
        new RegExp(`^\\*$|${REPOSITORY_NAME.source}`),
        'is not an image: write its name in slipway.yaml, or "*" for all images of the environment',
      )
      .describe('An image of slipway.yaml, or "*" for all images of the environment.'),
    kind: z
      .enum(HOLD_KINDS)
      .describe(
        'rollback, manual and freeze hold the image. accepted holds nothing: a change by hand brought the digest, and automatic bumps go on from it.',
      ),
    reason: text('Why, for the person who asks later.'),
    by: text('Login of the person or the pipeline that wrote the hold.'),
    since: moment('When the hold was written.'),
    until: moment('When the hold is over. Without it, the hold lasts until it is released.').optional(),
    digest: z
      .string()
      .refine(isDigest, 'is not a digest: expected sha256: and 64 lower-case hex digits')
      .meta({
        description: 'The digest that the hold is about. retain-images keeps it. The kind accepted needs it.',
        pattern: DIGEST.source,
      })
      .optional(),
    source: z
      .string()
      .refine(isCommitSha, 'is not a commit: expected 40 lower-case hex digits')
      .meta({
        description: 'The commit that the digest was built from, where it is known. The kind accepted has it.',
        pattern: COMMIT.source,
      })
      .optional(),
  })
  .meta({ anyOf: [{ properties: { kind: { not: { const: 'accepted' } } } }, { required: ['digest'] }] });

/** The shape of holds.yaml. */
export const holdsSchema = z
  .array(holdSchema)
  .nullable()
  .describe('Written reasons why automatic bumps leave images of this environment alone.');

/** Returns the moment that a text means, or what is wrong with it. */
function parseMoment(written: string): Date | string {
  const match = MOMENT.exec(written);
  if (match === null) return describeMoment(written);
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match;
  const fields = [year, month, day, hour, minute, second].map(Number);
  const [years = 0, months = 0, days = 0, ...time] = fields;
  const wall = new Date(0);
  wall.setUTCFullYear(years, months - 1, days); // Date.UTC takes the years 0 to 99 for 1900 to 1999
  wall.setUTCHours(time[0] ?? 0, time[1] ?? 0, time[2] ?? 0, Number(fraction.slice(0, 3).padEnd(3, '0')));
  const isSame = [wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate()].every(
    (value, index) => value === fields[index],
  );
  const isTime = (time[0] ?? 0) < 24 && (time[1] ?? 0) < 60 && (time[2] ?? 0) < 60;
  const isZone = Number(zoneHour) < 24 && Number(zoneMinute) < 60;
  if (!isSame || !isTime || !isZone) return 'is not in the calendar: correct the date or the time';
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return new Date(wall.getTime() - (sign === '-' ? -offset : offset));
}

/** Returns why a text is not a moment, and what to write. */
export function describeMoment(written: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(written)) return `has no time and no zone: write it as ${WRITTEN}`;
  const isZoneless = MOMENT.test(`${written}Z`);
  return isZoneless ? `has no zone: add Z for UTC, or an offset such as -05:00` : `is not a date: write ${WRITTEN}`;
}
