import { nameApplyReport } from '#core/action/artifact-names.ts';
import type { Applied } from '#core/comment/outline-applies.ts';
import { readReports } from '#core/comment/read-reports.ts';
import type { AppliedBy } from '#core/github/marker.ts';
import type { Runs } from '#core/github/runs.ts';
import type { ApplyReport } from '#core/terraform/comment/apply-report.ts';
import { isExpected } from '#core/values/errors.ts';

/** The texts of all reports of a run by the artifact's name. */
type Texts = ReadonlyMap<string, string>;

/** What is known of a merge's stacks. */
export interface ApplySources {
  readonly run: number;
  /** What this run's jobs left. */
  readonly own: Texts;
  /** What the comment says of earlier runs. */
  readonly earlier: readonly AppliedBy[];
  readonly readEarlier: (run: number) => Promise<Texts>;
  readonly listJobs: Runs['listJobs'];
  readonly head: string;
  readonly pullRequest: number;
}

/** What became of each stack, and which run says so. */
export interface Applies {
  readonly applies: readonly Applied[];
  readonly by: readonly AppliedBy[];
  /** Sentences. */
  readonly notes: readonly string[];
}

/**
 * Returns what became of each stack of a merge: what this run says of it, and else the run before that the comment names.
 * A job that began to apply and left no report may have changed anything: that is not known, never "not reached".
 */
export async function collectApplies(stacks: readonly string[], sources: ApplySources): Promise<Applies> {
  const { run, own, earlier } = sources;
  const applies: Applied[] = [];
  const by: AppliedBy[] = [];
  const notes: string[] = [];
  const keep = (applied: Applied, from?: number): void => {
    applies.push(applied);
    if (from !== undefined) by.push({ stack: applied.name, run: from });
  };
  for (const stack of stacks) {
    const report = readApply(own, stack, sources);
    const before = earlier.find((one) => one.stack === stack && one.run !== run);
    const known = before && readApply(await sources.readEarlier(before.run), stack, sources);
    const isNothing = report?.outcome === 'refused' || report?.outcome === 'not-reached';
    if (isNothing && known?.outcome === 'applied' && before !== undefined) {
      keep(known, before.run);
      notes.push(`The plan of ${stack} was applied before, so this run did not apply it a second time.`);
    } else if (report !== undefined) keep(report, run);
    else if (await hasBegun(stack, sources)) keep({ name: stack, outcome: 'unknown', reason: ENDED });
    else if (known !== undefined) keep(known, before?.run);
    else if (before !== undefined) keep({ name: stack, outcome: 'unknown', reason: describeGone(before) }, before.run);
    else keep({ name: stack, outcome: 'not-reached', reason: describeNotReached(stack, sources) });
  }
  return { applies, by, notes };
}

/** Returns a stack's report; undefined where there is none of this stack and this head. */
function readApply(texts: Texts, stack: string, { head }: ApplySources): ApplyReport | undefined {
  const name = nameApplyReport(stack);
  const text = texts.get(name);
  if (text === undefined) return undefined;
  try {
    const [report] = readReports(new Map([[name, text]])).applies;
    return report?.name === stack && report.head === head ? report : undefined;
  } catch (error) {
    if (!isExpected(error)) throw error;
    return undefined; // an unreadable report is as good as none: its job began
  }
}

/** True where a job of the stack reached its apply. Its name ends with the stack's, as a matrix names it. */
async function hasBegun(stack: string, { run, listJobs }: ApplySources): Promise<boolean> {
  const jobs = (await listJobs(run)).filter(({ name }) => name.endsWith(`(${stack})`));
  return jobs.some(({ steps }) => steps.some(({ name, hasRun }) => hasRun && name.endsWith('/apply-terraform')));
}

const ENDED =
  'its job began to apply, and ended before it could say what it applied: its log says how far it came. Open a pull request that changes a file in its folder, a comment is enough: its plan shows what is left';

function describeGone({ run }: AppliedBy): string {
  return `the run ${run} was the last to try, and its report is kept no longer: see the page of that run`;
}

function describeNotReached(stack: string, { pullRequest }: ApplySources): string {
  return `its apply did not begin. Correct what stopped it, then run: gh workflow run apply.yml -f pull-request=${pullRequest} -f stack=${stack}`;
}
