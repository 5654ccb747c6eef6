import type { Transport } from '#core/git/transport.ts';
import { listPlaces } from '#core/release/environments.ts';
import type { Intent } from '#core/release/intent.ts';
import type { OpenIntent, Tip } from '#core/release/open-intents.ts';
import { messageOf, type Plan, planAt } from '#core/release/plan.ts';
import type { StatePorts } from '#core/release/read-state.ts';
import type { Rejection } from '#core/release/rejection.ts';
import { describeBatch } from '#core/release/say.ts';
import { isOverdue, timeOf } from '#core/release/turns.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** By how much the clocks of two runners may differ, in milliseconds. */
const CLOCKS_DIFFER = 3_600_000;

/** What folding needs from the world. */
export interface FoldPorts extends StatePorts {
  readonly transport: Transport;
  readonly log: Log;
}

/** An attempt to land intents. */
export interface Folded {
  readonly plan: Plan;
  /** The commit that was pushed; undefined when nothing was to be written, or when it was not taken. */
  readonly commit: CommitSha | undefined;
  /** Why the push was not taken. */
  readonly rejected: Rejection | undefined;
}

/**
 * Decides intents at the tip and lands them: one commit, the branch moved to it from where it was read, and the refs of
 * all that are decided deleted, in one atomic push. `own` is the writer's own intent, which is not among the open ones where
 * it has no ref.
 */
export async function foldIntents(
  tip: Tip,
  open: readonly OpenIntent[],
  own: Intent | undefined,
  branch: string,
  ports: FoldPorts,
): Promise<Folded> {
  const unpublished = own === undefined || open.some(({ intent }) => intent === own) ? [] : [own];
  const stale = await findStale(tip, open, ports, own);
  const fresh = open.filter(({ intent }) => !stale.has(intent)).map(({ intent }) => intent);
  const plan = await planAt(tip.head, [...unpublished, ...fresh], ports);
  const decided = plan.decided.filter(({ outcome }) => outcome !== 'waits').map(({ intent }) => intent);
  const done = new Set([...decided, ...stale]);
  const commit = plan.files.length === 0 ? undefined : await writeCommit(tip.head, plan, ports);
  const moves = commit === undefined ? [] : [{ ref: `refs/heads/${branch}`, commit, lease: tip.head }];
  const gone = open.filter(({ intent }) => done.has(intent));
  const deletes = gone.map((one) => ({ ref: one.ref, commit: undefined, lease: one.commit }));
  if (moves.length + deletes.length === 0) return { plan, commit, rejected: undefined };
  const pushed = await ports.transport.update([...moves, ...deletes]);
  if (pushed.outcome !== 'pushed') return { plan, commit: undefined, rejected: pushed };
  if (pushed.oneByOne === true)
    ports.log.info('The server takes one ref at a time (it has no atomic pushes): the branch first, then the intents');
  if (commit !== undefined) ports.log.info(`Pushed as ${commit.slice(0, 7)}, with ${describeBatch(plan)}`);
  return { plan, commit, rejected: undefined };
}

/**
 * Returns intents that must not land: those that landed before, whose refs were made again, and those that are so old that
 * no one expects them any more. Their refs go. The writer's own intent is not too old: it is here and asks for it.
 */
export async function findStale(
  tip: Pick<Tip, 'head'>,
  open: readonly OpenIntent[],
  ports: FoldPorts,
  own?: Intent,
): Promise<ReadonlySet<Intent>> {
  if (open.length === 0) return new Set();
  const now = ports.clock.now();
  const intents = open.map(({ intent }) => intent);
  const overdue = intents.filter((intent) => intent !== own && isOverdue(intent.id, now));
  for (const { id, kind, actor, at } of overdue) {
    ports.log.warn(
      `Intent ${id} (${kind}, by ${actor}, ${at.toISOString()}) is older than a day: it is dropped; ask again`,
    );
  }
  const branch = await ports.history.at(tip.head);
  const rest = intents.filter((intent) => !overdue.includes(intent));
  await branch.line.reachBack(new Date(Math.min(...rest.map(({ id }) => timeOf(id)), now.getTime()) - CLOCKS_DIFFER));
  const places = listPlaces(await ports.readConfig(tip.head));
  const landed: Intent[] = [];
  for (const intent of rest) {
    if ((await branch.findIntent(intent.id, places)) === undefined) continue;
    ports.log.warn(`Intent ${intent.id} landed before: its ref was made again, and is deleted`);
    landed.push(intent);
  }
  return new Set([...overdue, ...landed]);
}

function writeCommit(parent: CommitSha, plan: Plan, { transport, clock }: FoldPorts): Promise<CommitSha> {
  return transport.commit({ parent, message: messageOf(plan), files: plan.files, at: clock.now() });
}
