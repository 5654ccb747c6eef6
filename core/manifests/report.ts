import * as z from 'zod';

/** What an entry is about, the riskiest first: the order in which a page shows them. */
export const GROUPS = ['error', 'remove', 'restart', 'change', 'add', 'application'] as const;

const count = z.int().min(0);

const entry = z.strictObject({
  group: z.enum(GROUPS),
  /** What it is about, such as `Deployment/discord-bot`. */
  label: z.string(),
  /** What will happen, in words, on one line. */
  note: z.string(),
  /** Lines that each begin with `-`, `+` or a space; may be empty. */
  diff: z.string().regex(/^$|^[-+ ].*(\n[-+ ].*)*$/, 'has a line that begins with neither -, + nor a space'),
});

/**
 * A part of a pull request's comment. It is plain data, no Markdown, and its texts are hostile: a manifest may hold
 * anything. It holds no secret.
 */
const report = z.strictObject({
  version: z.literal(1),
  /** What kind of thing was compared: of manifests `manifests`. */
  kind: z.string(),
  /** What was compared: of manifests the environment. */
  name: z.string(),
  base: z.string().regex(/^[0-9a-f]{40}$/),
  head: z.string().regex(/^[0-9a-f]{40}$/),
  /** How many entries each group has. */
  counts: z.record(z.enum(GROUPS), count),
  /** What a reader has to know of the whole, in sentences. */
  notes: z.array(z.string()),
  entries: z.array(entry),
});

/** The form of the JSON file: a report for each thing that was compared. */
export const reportsSchema = z.array(report);

export type Group = (typeof GROUPS)[number];
export type Entry = z.output<typeof entry>;
export type Report = z.output<typeof report>;

/** Returns a report of manifests, its entries counted and in order: the riskiest group first, then by label. */
export function createReport(
  what: Pick<Report, 'name' | 'base' | 'head' | 'notes'>,
  entries: readonly Entry[],
): Report {
  const sorted = entries.toSorted(
    (one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group) || compare(one.label, other.label),
  );
  const counts = Object.fromEntries(GROUPS.map((group) => [group, countOf(sorted, group)])) as Report['counts']; // each group is a key
  return { version: 1, kind: 'manifests', ...what, counts, entries: sorted };
}

function countOf(entries: readonly Entry[], group: Group): number {
  return entries.filter((one) => one.group === group).length;
}

/** By code units: the same on every machine. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
