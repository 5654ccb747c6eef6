import * as z from 'zod';

/** What a change makes of an image, the riskiest first: the order in which a page shows them. */
export const GROUPS = ['error', 'remove', 'build', 'change', 'found'] as const;

/**
 * What merging does to an environment that deploys on push: it gets the image, it runs it already, or it stays as it is:
 * `held`, `frozen`, or `refused` where its overlay or its hold file cannot be read. `left`: it names an image that goes.
 */
const OUTCOMES = ['deploys', 'there', 'held', 'frozen', 'refused', 'left'] as const;

const target = z.strictObject({
  environment: z.string(),
  outcome: z.enum(OUTCOMES),
  /** Why it stays as it is; empty where it does not. */
  why: z.string(),
});

const unpinned = z.strictObject({ written: z.string(), file: z.string(), line: z.int().min(1) });

const entry = z.strictObject({
  /** `change`: built or found, what the registry has is not known. */
  group: z.enum(GROUPS),
  image: z.string(),
  /** True where slipway.yaml did not have it before. */
  isNew: z.boolean(),
  /** What of it changes: paths of its inputs and keys of slipway.yaml. */
  causes: z.array(z.string()),
  /** Why it cannot be built; empty where it can. */
  why: z.string(),
  /** Empty where it is not known: of an image that goes or that cannot be built. */
  inputHash: z.string().regex(/^([0-9a-f]{64})?$/),
  /** What the registry has for these inputs; empty where it has nothing, or that is not known. */
  digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
  /** True where its dependency layer is made of other inputs than before. */
  rebuildsDependencies: z.boolean(),
  /** Its base image where no digest is written, and where it is written. */
  unpinned: unpinned.nullable(),
  environments: z.array(target),
});

const count = z.int().min(0);

/** The shape of {@link ImagesReport}. Its texts are hostile: a file of a pull request may hold anything. */
export const imagesReportSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('images'),
  base: z.string().regex(/^[0-9a-f]{40}$/),
  head: z.string().regex(/^[0-9a-f]{40}$/),
  /** How many entries each group has. */
  counts: z.record(z.enum(GROUPS), count),
  /** Images whose inputs stay as they are. */
  unchanged: count,
  /** Why it is not known what the registry has; empty where it is, or where there was nothing to ask. */
  notAsked: z.string(),
  /** Why slipway.yaml could not be read before the change; empty where it could. */
  baseFault: z.string(),
  entries: z.array(entry),
});

export type Group = (typeof GROUPS)[number];
export type Target = z.output<typeof target>;
export type Unpinned = z.output<typeof unpinned>;
export type ImageEntry = z.output<typeof entry>;
/** What a change makes of the images of slipway.yaml. */
export type ImagesReport = z.output<typeof imagesReportSchema>;

/** Returns a report, its entries counted and in order: the riskiest group first, then by name. */
export function createImagesReport(
  what: Omit<ImagesReport, 'version' | 'kind' | 'counts' | 'entries'>,
  entries: readonly ImageEntry[],
): ImagesReport {
  const sorted = entries.toSorted(
    (one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group) || (one.image < other.image ? -1 : 1),
  );
  const counts = Object.fromEntries(
    GROUPS.map((group) => [group, entries.filter((one) => one.group === group).length]),
  ) as ImagesReport['counts']; // each group is a key
  return { version: 1, kind: 'images', ...what, counts, entries: sorted };
}
