import * as z from 'zod';
import type { Entry } from '#core/comment/page.ts';
import { SECTIONS } from '#core/comment/words.ts';
import { Refusal } from '#core/values/errors.ts';
import { isObject } from '#core/values/json.ts';
import type { Part } from './render.ts';
import type { Counts } from './words.ts';

const count = z.int().nonnegative();

const entry = z.strictObject({ type: z.string(), head: z.string(), body: z.array(z.string()) });

const section = z.strictObject({ kind: z.enum(SECTIONS), entries: z.array(entry) });

/** The shape of {@link PlanReport}. */
export const planReportSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('terraform'),
  /** The stack. */
  name: z.string(),
  /** The commit that was planned, and what it has in common with its base; empty where it is not known. */
  head: z.string(),
  base: z.string(),
  /** What it was made from: the folders of the stack and of its local modules, and what their code names. */
  sources: z.array(z.string()).default([]),
  counts: z.record(z.enum(SECTIONS), count),
  /** Changes that drift alone does not explain. */
  unapplied: count,
  fingerprint: z.string(),
  /** Whether the plan was saved for the merge; null where a merge applies none. */
  isSaved: z.boolean().nullable().default(null),
  /** When it was planned; null where a merge applies none. */
  plannedAt: z.iso.datetime().nullable().default(null),
  /** False where drift was not looked at. */
  refresh: z.boolean(),
  hasDestroy: z.boolean(),
  isFailed: z.boolean(),
  isComplete: z.boolean(),
  /** Where only what differs from an approved plan is listed. */
  deviation: z.strictObject({ added: count, altered: count, gone: count }).nullable(),
  guard: z.array(z.strictObject({ address: z.string(), type: z.string(), what: z.string(), isAllowed: z.boolean() })),
  errors: z.array(z.string()),
  notes: z.array(z.string()),
  summaryMarkdown: z.string(),
  sections: z.array(section),
  risk: z.int(),
});

/** What one stack's job leaves for the jobs after it: all that the comment needs, and no secret. */
export type PlanReport = z.output<typeof planReportSchema>;

/** What a report says besides what the comment does. */
export type ReportFacts = Pick<
  PlanReport,
  'head' | 'base' | 'sources' | 'fingerprint' | 'refresh' | 'hasDestroy' | 'guard' | 'errors' | 'summaryMarkdown'
> &
  Partial<Pick<PlanReport, 'isSaved' | 'plannedAt'>>;

/** Returns a stack as a report, which is plain JSON. */
export function toReport(part: Part, facts: ReportFacts): PlanReport {
  const { deviation, sections, notes, counts, ...rest } = part;
  return {
    version: 1,
    kind: 'terraform',
    ...{ isSaved: null, plannedAt: null },
    ...facts,
    ...rest,
    counts: { ...counts },
    notes: [...notes],
    deviation: deviation === undefined ? null : pickCounts(deviation),
    sections: sections.map(({ kind, entries }) => ({ kind, entries: entries.map(writeEntry) })),
  };
}

/** True for the text of a report, of any version. */
export function isReport(text: string): boolean {
  const written = text.includes('"kind"') ? readJson(text) : undefined;
  return isObject(written) && written['kind'] === 'terraform';
}

/** Returns the report in a file's text; refuses one that is not of this version, with its name. */
export function parseReport(file: string, text: string): PlanReport {
  const parsed = planReportSchema.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new Refusal(
    `${file} is not a report of plan-terraform${where === '' ? '' : ` (at ${where})`}: give the file that its input report names, of the same version of Slipway`,
  );
}

/** Returns what the comment says of a report's stack. */
export function fromReport(one: PlanReport): Part {
  return {
    name: one.name,
    counts: one.counts as Counts, // the schema asks for every kind
    unapplied: one.unapplied,
    sections: one.sections.map(({ kind, entries }) => ({ kind, entries: entries.map(readEntry) })),
    isFailed: one.isFailed,
    isComplete: one.isComplete,
    deviation: one.deviation ?? undefined,
    notes: one.notes,
    risk: one.risk,
  };
}

function writeEntry({ type, head, body }: Entry): z.output<typeof entry> {
  return { type, head: head(), body: [...body()] };
}

function readEntry({ type, head, body }: z.output<typeof entry>): Entry {
  return { type, head: () => head, body: () => body };
}

function pickCounts({ added, altered, gone }: NonNullable<Part['deviation']>): NonNullable<PlanReport['deviation']> {
  return { added, altered, gone };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
