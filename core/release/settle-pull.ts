import type { EnvironmentConfig } from '#core/config/config.ts';
import type { BranchPull } from '#core/git/github-pulls.ts';
import { findEnvironment } from '#core/release/environments.ts';
import type { ProposalPlan, ProposePorts, View } from '#core/release/plan-proposal.ts';
import type { Proposal } from '#core/release/proposal.ts';
import { describeClosed, describePull, keepReplaced, type PullNotes } from '#core/release/propose-text.ts';
import { branchOf, type ProposedCommit } from '#core/release/proposed-branch.ts';
import { describeBinding } from '#core/release/rules.ts';
import { Refusal } from '#core/values/errors.ts';

/** What became of the pull request; `again` where something moved meanwhile, or GitHub opened none. */
export type SettledPull =
  | { readonly outcome: 'settled'; readonly proposal: Proposal | undefined; readonly isNew: boolean }
  | { readonly outcome: 'again'; readonly reason: string | undefined };

/**
 * Makes the environment's pull request say what its branch holds: opens it, writes its text again, or closes it where
 * nothing is left. What a hold keeps from being merged stays open, says so, and is not merged by itself.
 */
export async function settlePull(
  view: View,
  { plan, own, carried }: ProposalPlan,
  written: ProposedCommit | undefined,
  base: string,
  ports: ProposePorts,
  note?: string,
): Promise<SettledPull> {
  const { environment, open, foreign } = view;
  const decided = own === undefined || own.outcome === 'landed' ? carried : [...carried, own];
  const stops = plan.files.length === 0 ? listStops(carried) : [];
  const notes: PullNotes = { environment, decided: stops.length > 0 ? [] : decided, stops };
  const isKept = stops.length > 0 || foreign.length > 0;
  const commit = isKept ? (written ?? view.own) : written;
  if (commit === undefined) return open === undefined ? settled(undefined) : closePull(open, view, notes, ports);
  if (open === undefined && isKept) return settled(undefined);
  const text = describePull(commit, notes);
  if (open === undefined) {
    const made = await ports.proposing.pulls.create({ ...text, branch: branchOf(environment), base });
    if (typeof made === 'string') return { outcome: 'again', reason: made };
    checkAuthor(made, ports);
    ports.log.info(`Opened #${made.number} for ${environment}`);
    return finish(view, made, commit, stops, ports, { isNew: true, note });
  }
  const isMoved = commit.commit !== view.own?.commit;
  const wanted = isMoved ? text : keepReplaced(open, text);
  if (wanted.title !== open.title || wanted.body !== open.body.replaceAll('\r\n', '\n')) {
    await ports.proposing.pulls.update(open.number, wanted);
    ports.log.info(`Wrote the text of #${open.number} again`);
  }
  return finish(view, open, commit, stops, ports, { isNew: false, note });
}

/** Another run may have written the branch while this one wrote the text. */
async function finish(
  { environment, head, foreign, own, tip }: View,
  pull: BranchPull,
  { commit }: ProposedCommit,
  stops: readonly string[],
  ports: ProposePorts,
  { isNew, note }: { readonly isNew: boolean; readonly note: string | undefined },
): Promise<SettledPull> {
  const ref = `refs/heads/${branchOf(environment)}`;
  const there = (await ports.git.lsRefs([ref])).get(ref);
  const expected = commit === own?.commit ? tip : commit;
  if (there !== expected && foreign.length === 0) return { outcome: 'again', reason: undefined };
  const { 'auto-merge': isAuto } = findEnvironment(await ports.readConfig(head), environment);
  const notes = [...stops, ...(note === undefined ? [] : [note]), ...(await settleMerge(pull, isAuto, stops, ports))];
  return settled(toProposal(environment, pull, 'open', notes), isNew);
}

function settled(proposal: Proposal | undefined, isNew = false): SettledPull {
  return { outcome: 'settled', proposal, isNew };
}

function toProposal(
  environment: EnvironmentConfig['name'],
  { number, url, author }: BranchPull,
  state: Proposal['state'],
  notes: readonly string[],
): Proposal {
  return { environment, number, url, author, state, notes, isWritten: false };
}

async function closePull(
  open: BranchPull,
  { environment }: View,
  notes: PullNotes,
  ports: ProposePorts,
): Promise<SettledPull> {
  await ports.proposing.pulls.close(open.number, describeClosed(open, notes));
  ports.log.info(`Closed #${open.number}: nothing is left to do in ${environment}`);
  return settled(toProposal(environment, open, 'closed', ['nothing is left in it']));
}

/** What holds all that was proposed. */
function listStops(carried: ProposalPlan['carried']): string[] {
  const holds = carried.flatMap(({ intent, images, outcome }) =>
    outcome === 'held' && intent.kind !== 'rollback'
      ? images.flatMap(({ environment, image, hold }) =>
          hold === undefined ? [] : [`${environment}/${image} is held (${describeBinding(hold)})`],
        )
      : [],
  );
  return [...new Set(holds)];
}

/** A pull request that the identity did not open would not be found again. */
function checkAuthor({ number, author }: BranchPull, { proposing: { identity } }: ProposePorts): void {
  if (author === identity) return;
  throw new Refusal(
    `identity: the token opened #${number} as ${author}, and ${identity} was expected, so that no later run would find it; give identity: ${author}`,
  );
}

/** Says what it cannot do: a merge by hand is always possible. */
async function settleMerge(
  pull: BranchPull,
  isAuto: boolean,
  stops: readonly string[],
  { proposing: { pulls }, log }: ProposePorts,
): Promise<string[]> {
  if (stops.length > 0) {
    const reason = pull.isAutoMerged ? await pulls.setAutoMerge(pull, undefined) : undefined;
    return reason === undefined
      ? []
      : [`GitHub may still merge it by itself (${reason}): take auto-merge off on its page`];
  }
  if (!isAuto || pull.isAutoMerged) return [];
  const { isAutoMergeAllowed, methods } = await pulls.readSettings();
  const [method] = methods;
  const off = "the repository's settings do not allow auto-merge";
  const reason = isAutoMergeAllowed && method !== undefined ? await pulls.setAutoMerge(pull, method) : off;
  if (reason === undefined) log.info(`GitHub merges #${pull.number} as soon as it may`);
  return reason === undefined
    ? ['GitHub merges it as soon as the rules of the branch are met']
    : [`GitHub does not merge it by itself (${reason}): merge it by hand`];
}
