import { decide, type News, type Present, type Step } from '#core/drift/decide.ts';
import { type Marked, readMarked } from '#core/drift/marker.ts';
import { describeNews, describeSecond, type Place, titleIssue } from '#core/drift/page.ts';
import type { Comments } from '#core/github/comments.ts';
import { readHidden, writeHidden } from '#core/github/hidden.ts';
import type { Issues } from '#core/github/issues.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { type Attempt, type RetryPolicy, retry } from '#core/system/retry.ts';
import { Refusal } from '#core/values/errors.ts';

/** What keeping the issues needs. */
export interface IssuePorts {
  readonly issues: Issues;
  /** Those on issues. */
  readonly comments: Comments;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** What became of a stack's issue. */
export interface Settled {
  readonly outcome: 'opened' | 'updated' | 'reopened' | 'closed' | 'none' | 'by-hand' | 'outdated';
  /** Undefined where there is none. */
  readonly number: number | undefined;
  readonly url: string;
}

/** How long an issue is tried to be brought into order, in milliseconds. */
const DEADLINE_MS = 60_000;
/** Writes in a row without a pause. */
const ROUNDS = 10;

/**
 * Brings the one issue of a stack to a text, unless a newer one is there, and says what is news in a comment. After each
 * write all issues are read again: two runs at once end with one issue, and an answer that was lost is seen. GitHub has no
 * conditional update: after an update the edit history is read as well, and a newer text that this one overwrote is put back.
 */
export async function settleIssue(wanted: Marked, author: number, place: Place, ports: IssuePorts): Promise<Settled> {
  const { stack } = wanted.marker;
  const policy = { clock: ports.clock, random: ports.random, deadlineMs: DEADLINE_MS };
  const taken: Taken = { outcome: undefined, news: undefined, isEdited: false };
  const tried = await retry<Settled>(policy, () => settle(wanted, author, taken, ports));
  if (!tried.done)
    throw new Refusal(
      `the issue of ${stack} could not be brought into order in ${tried.attempts} attempts (${tried.reason}): see https://www.githubstatus.com, then run the job again`,
    );
  const { number, outcome } = tried.value;
  if (taken.news !== undefined && number !== undefined && outcome !== 'outdated')
    await say(number, taken.news, wanted, place, { ...ports, policy });
  return tried.value;
}

interface Taken {
  outcome: 'opened' | 'updated' | 'reopened' | 'closed' | undefined;
  news: News;
  isEdited: boolean;
}

async function settle(wanted: Marked, author: number, taken: Taken, ports: IssuePorts): Promise<Attempt<Settled>> {
  for (let round = 0; round < ROUNDS; round++) {
    const present = await readOwn(wanted.marker.stack, author, ports.issues);
    const past = taken.isEdited ? await readPast(wanted.marker.stack, present, ports.issues) : [];
    const step = decide(present, wanted, past);
    if (step.do === 'nothing') return { done: true, value: describe(step, taken) };
    const written = await take(step, wanted, author, ports);
    note(step, taken, wanted, present);
    if (written === 'unclear') return { done: false, reason: `no answer to the attempt to ${step.do} it` };
  }
  return { done: false, reason: 'other runs write it at the same time' };
}

/** Returns our issues of a stack, over all pages. */
async function readOwn(stack: string, author: number, { list }: Pick<Issues, 'list'>): Promise<Present[]> {
  return (await list()).flatMap(({ author: by, body, ...issue }) => {
    const marked = by === author ? readMarked(stack, body) : undefined;
    return marked === undefined ? [] : [{ ...marked, ...issue }];
  });
}

/** Returns the texts that the issue which stays has had. */
async function readPast(stack: string, present: readonly Present[], { history }: Issues): Promise<Marked[]> {
  const [oldest] = [...present].sort((one, other) => one.number - other.number);
  const texts = oldest === undefined ? [] : await history(oldest.node);
  return texts.flatMap((text) => readMarked(stack, text) ?? []);
}

async function take(
  step: Exclude<Step, { do: 'nothing' }>,
  wanted: Marked,
  author: number,
  { issues, log }: IssuePorts,
): Promise<'done' | 'gone' | 'unclear'> {
  const { stack } = wanted.marker;
  if (step.do === 'write') {
    const state = step.isOpen ? 'open' : 'completed';
    return issues.update(step.number, { body: step.text, state });
  }
  if (step.do === 'retire') {
    log.info(`${stack} has a second issue of ours, #${step.number}: closing it`);
    return issues.update(step.number, { body: describeSecond(step.oldest), state: 'not_planned' });
  }
  const made = await issues.create(titleIssue(stack), wanted.text);
  if (made === undefined) return 'unclear';
  if (made.author === author) return 'done';
  await issues.update(made.number, { body: 'Opened by the wrong account.', state: 'not_planned' });
  throw new Refusal(
    `the token's issues are those of account ${made.author ?? 'unknown'}, not of ${author}, so that the next run would not find its own: pass \`identity: ${made.author ?? ''}\``,
  );
}

function note(step: Step, taken: Taken, wanted: Marked, present: readonly Present[]): void {
  if (step.do === 'open') Object.assign(taken, { outcome: 'opened', news: undefined });
  if (step.do !== 'write') return;
  taken.isEdited = true;
  if (step.text !== wanted.text) return;
  const was = present.find(({ number }) => number === step.number)?.isOpen;
  taken.news ??= step.news;
  taken.outcome ??= step.isOpen === was ? 'updated' : step.isOpen ? 'reopened' : 'closed';
}

function describe(step: Extract<Step, { do: 'nothing' }>, { outcome }: Taken): Settled {
  const { left, why } = step;
  const place = { number: left?.number, url: left?.url ?? '' };
  if (why !== 'settled') return { outcome: outcome !== undefined && why === 'by-hand' ? outcome : why, ...place };
  return { outcome: outcome ?? 'none', ...place };
}

/** Comments once: where the answer is lost, the comments are looked at. */
async function say(
  number: number,
  news: NonNullable<News>,
  { marker }: Marked,
  place: Place,
  { comments, policy }: IssuePorts & { readonly policy: RetryPolicy },
): Promise<void> {
  const name = `drift-${marker.stack}-news`;
  const fields = Object.entries({ run: marker.run, attempt: marker.attempt });
  const text = writeHidden(name, fields, describeNews(news, marker.difference, place));
  const tried = await retry<undefined>(policy, async (count) => {
    const isThere =
      count > 1 && (await comments.list(number)).some(({ body }) => readHidden(name, body) && body === text);
    if (isThere || (await comments.create(number, text)) !== undefined) return { done: true, value: undefined };
    return { done: false, reason: 'no answer' };
  });
  if (!tried.done)
    throw new Refusal(
      `the issue #${number} is up to date, but a comment on it could not be written: see https://www.githubstatus.com`,
    );
}
