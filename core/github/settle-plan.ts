import { commitLink } from '#core/action/summary.ts';
import type { Base } from '#core/github/base.ts';
import { elect, type Present } from '#core/github/elect.ts';
import { bodyOf, type Marked, type Marker, TOO_OLD, writeMarked } from '#core/github/marker.ts';
import type { Status, Statuses } from '#core/github/statuses.ts';
import { type CommentPorts, type Own, readOwn, writeComment } from '#core/github/write-comment.ts';
import { PLAN_LIFETIME_MS } from '#core/terraform/saved-plan/check.ts';
import { readStackList } from '#core/terraform/stack-list.ts';
import { describeError, isExpected, Refusal } from '#core/values/errors.ts';
import { escapeMarkdown, inlineCode } from '#core/values/markdown.ts';

/** The commit status that says whether a merge would do what the comment shows. */
export const PLAN_CONTEXT = 'slipway/plan';

/** What judging a comment's plans needs. */
export interface SettlePorts extends CommentPorts {
  readonly statuses: Statuses;
  /** Returns the base branch as it is now, or as it is after what started this run. */
  readonly readBase: (branch: string) => Promise<Base>;
  /** `<server>/<owner>/<name>`. */
  readonly repositoryUrl: string;
}

/** What a comment's plans are worth. */
export type Standing =
  /** No comment of ours, one without a verdict, or one about a head that the pull request has left. */
  'none' | 'fresh' | 'stale' | 'failed';

/** What a comment's plans are worth, or why that could not be said. */
export type Judged = { readonly standing: Standing } | { readonly refusal: string };

/**
 * Holds the plans of a comment against the base branch, marks the comment as stale where a folder has changed there,
 * and sets the commit status of its head. What was written is read again, so that of two at once the last one is right.
 */
export async function judgePlan(own: Own, ports: SettlePorts): Promise<Judged> {
  return settlePlan(own, ports).then(
    (standing) => ({ standing }),
    (error: unknown) => {
      if (!isExpected(error)) throw error;
      return { refusal: describeError(error) };
    },
  );
}

/** Passes over a pull request that others write at the same time. */
const ROUNDS = 8;

async function settlePlan(own: Own, ports: SettlePorts): Promise<Standing> {
  for (let round = 0; round < ROUNDS; round++) {
    const { pull, present } = await readOwn(own, ports);
    const comment = newestOf(present, pull.head);
    if (comment?.marker.head !== pull.head || comment.marker.verdict === undefined) return 'none';
    const base = await ports.readBase(pull.base);
    const changed = await listChanged(comment, base);
    if (changed.length > 0 && comment.marker.stale === undefined) {
      await writeComment(own, await markStale(comment, changed, base, ports.repositoryUrl), ports);
      continue;
    }
    if (comment.marker.stale === undefined && isTooOld(comment.marker, ports.clock.now())) {
      await writeComment(own, markTooOld(comment, pull.base), ports);
      continue;
    }
    const standing = standingOf(comment);
    const wanted = describeStatus(standing, comment, pull.base);
    const status = await ports.statuses.newest(pull.head, PLAN_CONTEXT);
    if (status?.state === wanted.state && status.description === wanted.description) return standing;
    ports.log.info(
      `#${pull.number}: ${PLAN_CONTEXT} of ${pull.head.slice(0, 7)} is ${wanted.state}: ${wanted.description}`,
    );
    await ports.statuses.set(pull.head, PLAN_CONTEXT, wanted);
  }
  throw new Refusal(
    `the commit status ${PLAN_CONTEXT} of #${own.pull} could not be settled in ${ROUNDS} attempts: see https://www.githubstatus.com, then run the job again`,
  );
}

/** Returns the comment that says the newest about a head. */
export function newestOf(present: readonly Present[], head: string): Present | undefined {
  const step = elect(present, undefined, head);
  if (step.do === 'nothing') return step.left;
  if (step.do === 'remove') return [...present].sort((one, other) => one.id - other.id)[0];
  return present.find(({ text }) => step.do === 'update' && text === step.text);
}

/** Returns the folders that a commit has otherwise than the plans of a comment were made from. */
export async function listChanged({ marker }: Marked, { readTree }: Pick<Base, 'readTree'>): Promise<string[]> {
  const changed: string[] = [];
  for (const { path, tree } of marker.plans) if ((await readTree(path)) !== tree) changed.push(path);
  return changed;
}

async function markStale(comment: Present, changed: readonly string[], base: Base, page: string): Promise<Marked> {
  const [path = ''] = changed;
  const { sha, subject } = (await base.newestChange(path)) ?? { sha: base.commit, subject: '' };
  const commit = commitLink(sha, { repositoryUrl: page });
  const named = subject === '' ? commit : `${commit} (${escapeMarkdown(cut(subject, 72))})`;
  const folders = changed.slice(0, SHOWN).map(showPlace).join(', ');
  const more = changed.length > SHOWN ? ` and ${changed.length - SHOWN} more` : '';
  const why = `${escapeMarkdown(base.branch)} moved on with ${named}, and ${folders}${more} changed there`;
  return mark(comment, sha, why, base.branch);
}

function markTooOld(comment: Present, branch: string): Marked {
  const at = escapeMarkdown((comment.marker.plannedAt ?? '').replace(/^(.{10})T(.{5}).*$/, '$1 $2 UTC'));
  return mark(comment, TOO_OLD, `the plan is of ${at}, and a plan is applied within 24 hours`, branch);
}

/** Returns the comment with another first line. */
function mark(comment: Present, stale: string, why: string, branch: string): Marked {
  const remedy = `press "Update branch", or merge ${escapeMarkdown(branch)} into this branch and push; if you cannot push, or nothing is to be merged, close and reopen the pull request. A re-run of the check keeps the old plan`;
  const rest = bodyOf(comment).split('\n').slice(1);
  return writeMarked({ ...comment.marker, stale }, [`⚠️ **Stale:** ${why}: ${remedy}`, ...rest].join('\n'));
}

function showPlace(place: string): string {
  const config = readStackList(place);
  return config === undefined ? inlineCode(place) : `the list of stacks in ${inlineCode(config)}`;
}

/** A plan is marked this long before the apply refuses it: the run that looks at it comes by once an hour. */
const MARGIN_MS = 90 * 60_000;

/** True where a plan is so old that the apply refuses it, or will soon. */
export function isTooOld({ plannedAt }: Pick<Marker, 'plannedAt'>, now: Date): boolean {
  return plannedAt !== undefined && now.getTime() - Date.parse(plannedAt) > PLAN_LIFETIME_MS - MARGIN_MS;
}

/** Folders that are named. */
const SHOWN = 3;

function standingOf({ marker }: Marked): Exclude<Standing, 'none'> {
  if (marker.stale !== undefined) return 'stale';
  return marker.verdict === 'success' ? 'fresh' : 'failed';
}

function describeStatus(standing: Exclude<Standing, 'none'>, { marker, url }: Present, branch: string): Status {
  const since =
    marker.stale === TOO_OLD ? 'the plan is too old' : `${branch} moved on with ${marker.stale?.slice(0, 7) ?? ''}`;
  const words = {
    fresh: cut(`A merge into ${branch} does what the comment shows`, DESCRIPTION),
    stale: withRemedy(`Stale: ${since}`, UPDATE),
    failed: FAULTS[marker.fault ?? 'failed'],
  };
  return { state: standing === 'fresh' ? 'success' : 'failure', description: words[standing], url };
}

/** What the status says of a plan that a merge does not apply. */
const FAULTS = {
  failed: 'The plan failed: the comment says why',
  unsaved: 'The plan was not saved, so a merge applies nothing: the log of its job says why',
  held: 'The destroy guard holds the plan, so a merge applies nothing by itself: the comment says who may allow it',
};

/**
 * What gives a pull request a plan on its base as it is now. A re-run does not: it has the commit and the event of the
 * first attempt, and so the old base.
 * https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
 */
const UPDATE = 'update the branch, or close and reopen the pull request';

/** Characters of a status's description that GitHub takes. */
export const DESCRIPTION = 140;

/** Returns a description with its remedy, which is never cut. */
export function withRemedy(what: string, remedy: string): string {
  return `${cut(what, DESCRIPTION - remedy.length - 2)}: ${remedy}`;
}

/** Returns at most this many characters of a text. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
