import { parse } from 'yaml';
import * as z from 'zod';
import { Refusal } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';

/** An image that a hold asks for by its digest. */
export interface HeldImage {
  readonly image: string;
  readonly digest: Digest;
}

const moment = z.union([z.string(), z.date()]).transform((value) => new Date(value));

/** The design's section 7, the part that names digests; the rest of a hold matters to what writes to the environment. */
const holds = z
  .array(
    z.looseObject({
      image: z.string(),
      digest: z.string().refine(isDigest, 'is not a digest: expected sha256: and 64 lower-case hex digits').nullish(),
      until: moment.nullish(),
    }),
  )
  .nullable();

/** Returns the digests that the holds of a file name; an expired hold counts as absent. An unreadable file is refused. */
export function parseHeldImages(file: string, text: string, now: Date): HeldImage[] {
  const parsed = holds.safeParse(readYaml(file, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Refusal(
      `${file} is not a list of holds (${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}); fix the file: holds cannot be read`,
    );
  }
  return (parsed.data ?? []).flatMap(({ image, digest, until }) => {
    const isOver = until !== null && until !== undefined && until <= now;
    return isOver || !digest ? [] : [{ image, digest }];
  });
}

function readYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new Refusal(`${file} is not YAML; fix the file: holds cannot be read`, { cause });
  }
}
