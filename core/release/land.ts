import type { Git } from '#core/git/repository.ts';
import { formatCommitMessage } from '#core/release/commit-message.ts';
import { readHead } from '#core/release/head.ts';
import type { Intent } from '#core/release/intent.ts';
import { type EnvironmentEdit, type ImageOutcome, type Plan, type PlanPorts, planAt } from '#core/release/plan.ts';
import { type Outcome, summarizeOutcomes } from '#core/release/rules.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What became of an intent. */
export interface LandResult {
  readonly outcome: Outcome;
  /** The commit that landed it; undefined when nothing was written. */
  readonly commit: CommitSha | undefined;
  readonly images: readonly ImageOutcome[];
  /** What the commit does to each rendered overlay; empty when nothing was written. */
  readonly edits: readonly EnvironmentEdit[];
  /** How often the branch had moved before our push. */
  readonly lostRaces: number;
}

/** What landing needs from the world. */
export interface LandPorts extends PlanPorts {
  /** The branch's newest commit with its tree. */
  readonly git: Git;
  readonly clock: Clock;
  readonly log: Log;
  /** Between 0 and 1, for waiting times. */
  readonly random: () => number;
}

/** Rejections tolerated while the branch has not moved. A concurrent writer that holds the ref's lock causes them too. */
const MOST_REJECTIONS = 3;
/** More lost races than a busy monorepo has: past this, something pushes in a loop. */
const MOST_RACES = 200;

/**
 * Lands an intent: read the head, decide by the rules, write one commit, move the branch if it has not moved. Lost the
 * race: read and decide again on the new head. Nothing is merged, forced or created, and the outcome is read from the
 * branch alone, so an answer lost on the wire changes nothing.
 */
export async function land(intent: Intent, branch: string, ports: LandPorts): Promise<LandResult> {
  let rejections = 0;
  let written: Plan | undefined;
  for (let lostRaces = 0; lostRaces < MOST_RACES; ) {
    const head = await readHead(branch, ports);
    const own = written && (await findOwnCommit(head, intent, ports));
    if (written !== undefined && own !== undefined) return toResult(written, own, lostRaces);
    const plan = await planAt(head, intent, ports);
    sayPlan(plan, ports.log);
    if (plan.edits.length === 0) return toResult(plan, undefined, lostRaces);
    const commit = await writeCommit(head, plan, ports);
    written = plan;
    const rejection = await push(branch, commit, head, ports);
    if (rejection === undefined) return toResult(plan, commit, lostRaces);
    if (rejection.hasMoved) lostRaces += 1;
    else rejections += 1;
    if (rejections >= MOST_REJECTIONS) throw refusedByServer(branch, rejection.reason);
    await ports.clock.sleep(ports.random() * Math.min(1_000, 100 * (lostRaces + rejections)));
  }
  throw new Refusal(
    `${branch} moved ${MOST_RACES} times while we wrote to it: look for a workflow that pushes in a loop`,
  );
}

function toResult(plan: Plan, commit: CommitSha | undefined, lostRaces: number): LandResult {
  const outcome = summarizeOutcomes(plan.images.map((image) => image.outcome));
  return { outcome, commit, images: plan.images, edits: plan.edits, lostRaces };
}

async function findOwnCommit(head: CommitSha, intent: Intent, ports: LandPorts): Promise<CommitSha | undefined> {
  return (await ports.history.at(head)).findIntent(intent.id);
}

function sayPlan({ images }: Plan, log: Log): void {
  for (const { environment, image, outcome, from, to, winner, note } of images) {
    const name = `${environment}/${image}`;
    if (outcome === 'landed') log.info(`${name}: ${short(from)} → ${short(to)}`);
    if (outcome === 'unchanged') log.info(`${name}: is at ${short(to)} already`);
    if (outcome === 'superseded')
      log.info(`${name}: superseded by ${short(winner?.to)} from ${winner?.source.slice(0, 7) ?? 'a newer commit'}`);
    if (note !== undefined) log.warn(`${name}: ${note}`);
  }
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'nothing' : `${digest.slice('sha256:'.length, 'sha256:'.length + 7)}…`;
}

function writeCommit(parent: CommitSha, plan: Plan, { git, clock }: LandPorts): Promise<CommitSha> {
  const files = plan.edits.map(({ file }) => file);
  return git.commit({ parent, message: formatCommitMessage(plan.releases), files, at: clock.now() });
}

/** Moves the branch from `head` to `commit`; returns why it did not, and whether somebody else moved it. */
async function push(
  branch: string,
  commit: CommitSha,
  head: CommitSha,
  { git, log }: LandPorts,
): Promise<{ hasMoved: boolean; reason: string } | undefined> {
  const ref = `refs/heads/${branch}`;
  const pushed = await git.push([{ ref, commit, lease: head }]);
  if (pushed.outcome === 'pushed') {
    log.info(`Pushed as ${commit.slice(0, 7)}`);
    return undefined;
  }
  const hasMoved = (await git.lsRemote(ref)) !== head;
  log.info(
    hasMoved
      ? `${branch} moved on: reading it again`
      : `${branch} did not take the commit (${pushed.reason}): trying again`,
  );
  return { hasMoved, reason: pushed.reason };
}

/** The code of a refusal decides the remedy: HTTP's 403, and GitHub's own for rules of a branch (GH006, GH013). */
function refusedByServer(branch: string, reason: string): Refusal {
  const remedy = /\b403\b/.test(reason)
    ? 'give the job `permissions: contents: write`'
    : 'let the pipeline push to it (branch protection or ruleset: add its identity to the bypass list)';
  return new Refusal(`branch: ${branch} does not take the commit, the server says: ${reason}; ${remedy}`);
}
