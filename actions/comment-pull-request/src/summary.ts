import { composeComment, findFault, type Reports } from '#core/comment/compose.ts';
import { SUMMARY_LIMIT } from '#core/comment/outline.ts';
import { readReports } from '#core/comment/read-reports.ts';
import type { Marker } from '#core/github/marker.ts';
import { PLAN_CONTEXT } from '#core/github/settle-plan.ts';
import { describeError, InputError, isExpected } from '#core/values/errors.ts';
import { escapeMarkdown, inlineCode, link } from '#core/values/markdown.ts';
import { type CollectPorts, type CommentOf, collectReports } from './collect.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';
import type { Result } from './run.ts';

/** What is to be read: the comment's text, and all of it. */
export interface Texts {
  readonly body: string;
  readonly full: string;
  /** What the reports say of plans and their end; undefined where the inputs say it. */
  readonly judged?: Judged;
}

/** What a comment's marker says of its plans. */
export type Judged = Pick<Marker, 'plans' | 'verdict' | 'fault' | 'plannedAt' | 'applied'>;

/** Bytes that the headline above the full text may take. */
const HEADLINE = 4_000;

/** Returns the texts of a comment; refuses a file that cannot be read, and a comment without a text. */
export async function readTexts(
  inputs: Pick<Inputs, 'source'> & CommentOf,
  ports: Pick<Ports, 'readText' | 'readTreeAt'> & CollectPorts,
): Promise<Texts> {
  const { source, head } = inputs;
  const { readText } = ports;
  if (source.kind === 'artifacts') {
    const { isFork } = await ports.pulls.read(inputs.pullRequest);
    const { reports, applied } = await collectReports(inputs, source, isFork, ports);
    const judged = source.stage === 'plan' ? await judgeReports(reports, ports) : { ...NOTHING, applied };
    return { ...composeTexts(reports, head), judged };
  }
  const read = async (input: string, path: string): Promise<string> => {
    const text = await readText(path).catch((error: unknown) => {
      if (isExpected(error)) throw error;
      throw new InputError(input, path, `cannot be read (${describeError(error)}): write it in an earlier step`);
    });
    if (text.trim() === '') throw new InputError(input, path, 'is empty: write it in an earlier step');
    return text;
  };
  if (source.kind === 'text') {
    const body = await read('body', source.body);
    return { body, full: source.summary === undefined ? body : await read('summary', source.summary) };
  }
  const texts = source.paths.map(async (path) => [path, await read('reports', path)] as const);
  return composeTexts(readReports(new Map(await Promise.all(texts))), head);
}

function composeTexts(reports: Reports, head: string): Texts {
  return {
    body: composeComment(reports, { head, rest: 'see the job summary' }),
    full: composeComment(reports, { head, rest: 'not listed', limit: SUMMARY_LIMIT - HEADLINE }),
  };
}

/** After the merge there is nothing to judge. */
const NOTHING: Judged = { plans: [], verdict: undefined };

/** The folders that plans were made from, as the commit of the base had them that was planned upon. */
async function judgeReports(reports: Reports, { readTreeAt }: Pick<Ports, 'readTreeAt'>): Promise<Judged> {
  const plans = new Map<string, Marker['plans'][number]>();
  for (const { base, sources } of reports.plans)
    for (const path of base === '' ? [] : sources) plans.set(path, { path, tree: await readTreeAt(base, path) });
  const fault = findFault(reports);
  const [plannedAt] = reports.plans.flatMap((plan) => plan.plannedAt ?? []).sort();
  return { plans: [...plans.values()], verdict: fault === undefined ? 'success' : 'failure', fault, plannedAt };
}

/** Returns the job summary: what became of the comment, and then the full text, whatever it was. */
export function renderSummary(
  { full }: Texts,
  result: Result | { readonly outcome: 'failed'; readonly reason: string },
): string {
  return `${headline(result)}\n\n${full.trimEnd()}\n`;
}

/** Where the branch requires the status, nothing but this lets a fork's change be merged. */
const FORK = `The commit status ${inlineCode(PLAN_CONTEXT)} is not set for it, so a branch that requires it does not take this merge. To go on, a maintainer reads the changes, pushes the commits to a branch of this repository and opens a pull request from there, which is planned.`;

function headline(result: Parameters<typeof renderSummary>[1]): string {
  if (result.outcome !== 'failed' && result.refusal !== undefined)
    return `> ❌ **The commit status ${inlineCode(PLAN_CONTEXT)} was not set:** ${escapeMarkdown(result.refusal)}`;
  switch (result.outcome) {
    case 'failed':
      return `> ❌ **The comment could not be written:** ${escapeMarkdown(result.reason)}`;
    case 'summary-only':
      return `> ℹ️ **Only this summary has the result:** the pull request comes from a fork, and the token of its run may only read. ${FORK}`;
    case 'outdated':
      return `> ℹ️ **This result is older than ${link('the comment', result.url)}**, which was left as it is.`;
    default:
      return `> 💬 This is the full result of ${link('the comment', result.url)}.`;
  }
}
