import type { Comments } from '#core/github/comments.ts';
import { elect, type Present } from '#core/github/elect.ts';
import { type Marked, readMarked } from '#core/github/marker.ts';
import type { Pull, Pulls } from '#core/github/pulls.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { retry } from '#core/system/retry.ts';
import { Refusal } from '#core/values/errors.ts';

/** What writing the one comment needs. */
export interface CommentPorts {
  readonly comments: Comments;
  readonly pulls: Pulls;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Whose comment is meant. */
export interface Own {
  readonly pull: number;
  readonly name: string;
  /** Id of the account that writes; a comment of another one is never touched. */
  readonly author: number;
}

/** What became of a text. */
export interface CommentResult {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'outdated';
  readonly id: number;
  readonly url: string;
}

/** How long the comment is tried to be brought into order, in milliseconds. */
const DEADLINE_MS = 60_000;

/**
 * Brings the one comment of a pull request to a text, unless a newer one is there. After each write all comments are
 * read again: two runs at once end with one comment, an answer that was lost is seen, and one that was deleted
 * meanwhile is made again. GitHub has no conditional update: after an update the edit history is read as well, and a
 * newer text that this one overwrote is put back.
 */
export async function writeComment(own: Own, wanted: Marked, ports: CommentPorts): Promise<CommentResult> {
  let effect: 'created' | 'updated' | undefined;
  let isEdited = false;
  const policy = { clock: ports.clock, random: ports.random, deadlineMs: DEADLINE_MS };
  const tried = await retry<CommentResult>(policy, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { pull, present } = await readOwn(own, ports);
      const past = isEdited ? await readPast(own, present, ports) : [];
      const step = elect(present, wanted, pull.head, past);
      if (step.do === 'nothing') {
        const { left, isWanted } = step;
        if (left === undefined) return { done: false, reason: 'the comment is not there' };
        const outcome = isWanted ? (effect ?? 'unchanged') : 'outdated';
        return { done: true, value: { outcome, id: left.id, url: left.url } };
      }
      const written = await take(step, own, ports);
      isEdited ||= step.do === 'update';
      if (step.do === 'create') effect = 'created';
      if (step.do === 'update' && written !== 'gone') effect ??= 'updated';
      if (written === 'unclear') return { done: false, reason: `no answer to the attempt to ${step.do} it` };
    }
    return { done: false, reason: 'other runs write it at the same time' };
  });
  if (tried.done) return tried.value;
  throw new Refusal(
    `the comment on #${own.pull} could not be brought into order in ${tried.attempts} attempts (${tried.reason}): see https://www.githubstatus.com, then run the job again`,
  );
}

/** Writes in a row without a pause. */
const ROUNDS = 10;

/** Returns the pull request as it is now, and our comments of this name, over all pages. */
export async function readOwn(
  { pull: number, name, author }: Own,
  { comments, pulls }: Pick<CommentPorts, 'comments' | 'pulls'>,
): Promise<{ readonly pull: Pull; readonly present: Present[] }> {
  const present = (await comments.list(number)).flatMap(({ id, node, author: by, body, url }) => {
    const marked = by === author ? readMarked(name, body) : undefined;
    return marked === undefined ? [] : [{ ...marked, id, node, url }];
  });
  // after the comments: a head that moves between the two makes this run the older one
  return { pull: await pulls.read(number), present };
}

/** Returns the texts that the comment which stays has had. */
async function readPast(
  { name }: Own,
  present: readonly Present[],
  { comments }: Pick<CommentPorts, 'comments'>,
): Promise<Marked[]> {
  const [oldest] = [...present].sort((one, other) => one.id - other.id);
  const texts = oldest === undefined ? [] : await comments.history(oldest.node);
  return texts.flatMap((text) => readMarked(name, text) ?? []);
}

async function take(
  step: Exclude<ReturnType<typeof elect>, { do: 'nothing' }>,
  { pull, author }: Own,
  { comments, log }: CommentPorts,
): Promise<'done' | 'gone' | 'unclear'> {
  if (step.do === 'update') return comments.update(pull, step.id, step.text);
  if (step.do === 'remove') {
    log.info(`#${pull} has a second comment of ours: taking the newer one away`);
    return comments.remove(pull, step.id);
  }
  const made = await comments.create(pull, step.text);
  if (made === undefined) return 'unclear';
  if (made.author === author) return 'done';
  await comments.remove(pull, made.id);
  throw new Refusal(
    `the token's comments are those of account ${made.author ?? 'unknown'}, not of ${author}, so that the next run would not find its own: pass \`identity: ${made.author ?? ''}\``,
  );
}
