import { z } from 'zod';

/** What the Deployment of a release says in its payload: written by report-verdict, read by rollbacks and promotions. */
const recordPayload = z.object({
  schema: z.literal(1),
  image: z.string(),
  digest: z.string(),
  /** The commit that landed the release. */
  release: z.string().regex(/^[0-9a-f]{40}$/),
  intent: z.string(),
});

/** Id of github-actions[bot] on github.com: the only account whose records count, for those who write and who read. */
export const RECORD_WRITER = 41898282;

/** A payload, checked. */
export type RecordPayload = z.output<typeof recordPayload>;

/** Returns the task of an image's Deployments: GitHub lists by it. */
export function taskOf(image: string): string {
  return `slipway:${image}`;
}

/** Returns a payload; undefined for what is not one of ours. GitHub gives it as an object or as its text. */
export function parsePayload(written: unknown): RecordPayload | undefined {
  return recordPayload.safeParse(typeof written === 'string' ? parseJson(written) : written).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
