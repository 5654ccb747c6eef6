import { commitLink } from '#core/action/summary.ts';
import { composeComment } from '#core/comment/compose.ts';
import { COMMENT_LIMIT } from '#core/comment/outline.ts';
import type { News } from '#core/drift/decide.ts';
import type { Difference, Finding } from '#core/drift/finding.ts';
import type { PlanReport } from '#core/terraform/comment/report.ts';
import { changesAnything } from '#core/terraform/comment/words.ts';
import { link } from '#core/values/markdown.ts';

/** Where an issue's links lead. */
export interface Place {
  /** `<server>/<owner>/<name>`. */
  readonly repositoryUrl: string;
  /** The page of this run; empty for one by hand. */
  readonly runUrl: string;
}

/** Returns the title of a stack's issue, which is the same whatever differs. GitHub takes 256 characters. */
export function titleIssue(stack: string): string {
  return `Terraform stack ${stack.slice(0, 150)} is not what its code says`;
}

/** Returns the text of a stack's issue: what kind of difference it is, the plan within GitHub's limit, and what to do. */
export function composeIssue(finding: Finding, report: PlanReport, place: Place, limit = COMMENT_LIMIT): string {
  const { difference } = finding;
  const by = place.runUrl === '' ? 'A run' : link('A run', place.runUrl);
  const commit = commitLink(report.head, place);
  if (difference === 'none') return `✅ **Gone.** ${by} at ${commit} found nothing that differs.`;
  const top = `${WORDS[difference]}\n\n${by} at ${commit} found it.\n\n`;
  const end = `\n**Next:** ${describeNext(difference, report)} ${HOW_IT_ENDS}`;
  const room = limit - Buffer.byteLength(top + end) - RESERVED;
  const rest = place.runUrl === '' ? 'not listed' : `see the summary of ${link('the run', place.runUrl)}`;
  return `${top}${composeComment({ manifests: [], plans: [report] }, { head: report.head, rest, limit: room })}${end}`;
}

/** Bytes of the hidden first line. */
const RESERVED = 400;

/** Returns what an issue is told in a comment. */
export function describeNews(
  news: NonNullable<News>,
  difference: Difference,
  { runUrl }: Pick<Place, 'runUrl'>,
): string {
  const by = runUrl === '' ? 'a run' : link('a run', runUrl);
  if (news === 'gone' || difference === 'none') return `✅ Gone: ${by} found nothing that differs.`;
  return news === 'back'
    ? `Open again, found by ${by}. ${WORDS[difference]}`
    : `Now, found by ${by}: ${WORDS[difference]}`;
}

/** Returns what a second issue is left with. */
export function describeSecond(oldest: number): string {
  return `Two runs opened an issue at the same time; #${oldest} stays.`;
}

const WORDS: Readonly<Record<Exclude<Difference, 'none'>, string>> = {
  drift:
    '⚠️ **Drift: changed outside of Terraform.** Somebody or something changed what is really there after the last apply; the plan has nothing else.',
  code: 'ℹ️ **Not applied yet: the code is ahead.** Nothing was changed outside of Terraform; the code says something that no apply has done.',
  both: '⚠️ **Drift: changed outside of Terraform, and more than that.** Somebody or something changed what is really there after the last apply. The plan also changes what was not touched: code that is not applied yet, or what follows from the drift.',
};

function describeNext(difference: Difference, { counts }: PlanReport): string {
  if (difference === 'code') return 'apply the stack.';
  return changesAnything(counts)
    ? 'apply the stack, which puts it back, or change the code so that it says what is there.'
    : 'apply the stack, which writes it into the state and changes nothing else, or put it back where it was changed.';
}

const HOW_IT_ENDS =
  'A run that finds nothing closes this issue. Closed by hand, it stays closed until something else differs.';
