import { writeMarked } from '#core/github/marker.ts';
import { judgePlan } from '#core/github/settle-plan.ts';
import { type CommentResult, writeComment } from '#core/github/write-comment.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';
import type { Judged, Texts } from './summary.ts';

/** What became of the comment, and why its commit status could not be set, if it could not. */
export type Result =
  | (CommentResult & { readonly refusal: string | undefined })
  | { readonly outcome: 'summary-only'; readonly refusal: undefined };

/** Writes the comment unless a newer one is there, and then says on the head whether its plans are those of the base. */
export async function run(
  inputs: Inputs,
  { body, judged }: Pick<Texts, 'body' | 'judged'>,
  ports: Ports,
): Promise<Result> {
  const { pullRequest: number, marker: name, identity: author, head } = inputs;
  const said: Judged = {
    ...(judged ?? { plans: inputs.plans, verdict: inputs.verdict }),
    ...(inputs.verdict !== undefined && { verdict: inputs.verdict }),
  };
  const { verdict } = said;
  const { isFork } = await ports.pulls.read(number);
  if (isFork && ports.eventName === 'pull_request') {
    ports.log.info(`#${number} comes from a fork, whose token may not comment: the job summary has the full text`);
    return { outcome: 'summary-only', refusal: undefined };
  }
  const { run: id, attempt } = ports;
  const wanted = writeMarked({ ...said, name, head, run: id, attempt, stale: undefined }, body);
  const own = { pull: number, name, author };
  const result = await writeComment(own, wanted, ports);
  ports.log.info(`the comment on #${number} is ${result.outcome}: ${result.url}`);
  const standing = verdict === undefined ? undefined : await judgePlan(own, ports);
  return { ...result, refusal: standing !== undefined && 'refusal' in standing ? standing.refusal : undefined };
}
