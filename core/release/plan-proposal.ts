import type { Via } from '#core/config/config.ts';
import type { BranchPull } from '#core/git/github-pulls.ts';
import type { Decided } from '#core/release/decide.ts';
import { findEnvironment } from '#core/release/environments.ts';
import type { Intent } from '#core/release/intent.ts';
import type { LandPorts } from '#core/release/land.ts';
import { type Plan, planAt } from '#core/release/plan.ts';
import type { Proposing } from '#core/release/proposal.ts';
import { CLOSED } from '#core/release/propose-text.ts';
import { branchOf, type ProposedBranch, readProposed, readProposedCommit } from '#core/release/proposed-branch.ts';
import { isAboutSame } from '#core/release/proposed-intents.ts';
import type { Binding } from '#core/release/state.ts';
import type { HoldRecord, Release } from '#core/release/trailer.ts';
import { timeOf } from '#core/release/turns.ts';
import type { Digest } from '#core/values/reference.ts';

/** By how much the clocks of two runners may differ, in milliseconds. */
const CLOCKS_DIFFER = 3_600_000;
const VIA: { readonly via: Via } = { via: 'pull-request' };

/** The ports of a writer that can write pull requests. */
export type ProposePorts = LandPorts & { readonly proposing: Proposing };

/** An environment's branch and pull requests at one moment. */
export interface View extends ProposedBranch {
  readonly environment: string;
  /** The open pull request of ours. */
  readonly open: BranchPull | undefined;
  /** The newest one of ours that is not open. */
  readonly last: BranchPull | undefined;
  /** An open one of the same branch that someone else made. */
  readonly stranger: BranchPull | undefined;
}

/** What an environment's pull request is to hold. */
export interface ProposalPlan {
  readonly plan: Plan;
  /** What became of the intent that asks. */
  readonly own: Decided | undefined;
  /** What became of those that were proposed already. */
  readonly carried: readonly Decided[];
}

/** Reads the base, the environment's own branch and its pull requests, which are ours where the identity opened them. */
export async function lookAt(environment: string, base: string, ports: ProposePorts): Promise<View> {
  const { pulls, identity } = ports.proposing;
  const proposed = await readProposed(environment, base, ports);
  const all = (await pulls.list(branchOf(environment))).filter((pull) => pull.base === base);
  const newestFirst = all.toSorted((one, other) => other.number - one.number);
  const own = newestFirst.filter(({ author }) => author === identity);
  const open = own.find(({ state }) => state === 'open');
  const last = own.find(({ state }) => state !== 'open');
  // what others put onto it was merged or turned down with it, and GitHub keeps it under the pull request
  const isDone = proposed.foreign.length > 0 && open === undefined && last?.head === proposed.tip;
  return {
    ...proposed,
    ...(isDone ? { own: undefined, foreign: [] } : {}),
    environment,
    open,
    last,
    stranger: newestFirst.find(({ author, state }) => author !== identity && state === 'open'),
  };
}

/**
 * Decides, on the base as it is now, what is proposed already and the intent that asks. What a person asks for takes the
 * place of what was proposed for the same images: the pull request has one commit, and no order of commits.
 */
export async function planProposal(view: View, intent: Intent | undefined, ports: ProposePorts): Promise<ProposalPlan> {
  const proposed = await dropLanded(listProposed(view), view, ports);
  const asking = proposed.find(({ id }) => id === intent?.id) ?? intent;
  const others = proposed.filter((one) => one !== asking);
  const turnedDown = await readTurnedDown(view, ports);
  const decideAll = (intents: readonly Intent[]) =>
    planAt(view.head, intents, { ...ports, ...VIA, ...(turnedDown && { turnedDown }) });
  const find = (plan: Plan) => plan.decided.find((one) => one.intent === asking);
  if (asking === undefined) return split(await decideAll(others), undefined, others);
  let plan = await decideAll([...others, asking]);
  for (const kept of [others.filter((one) => !isAboutSame(one, asking)), []]) {
    if (find(plan)?.outcome !== 'waits') break;
    plan = await decideAll([...kept, asking]);
  }
  return split(plan, find(plan), others);
}

/** What the plan does not know any more has given its place to a newer one. */
function split(plan: Plan, own: Decided | undefined, proposed: readonly Intent[]): ProposalPlan {
  const decided = new Map(plan.decided.map((one) => [one.intent, one]));
  const replaced = (intent: Intent): Decided => ({ intent, outcome: 'waits', images: [], holds: [] });
  return { plan, own, carried: proposed.map((intent) => decided.get(intent) ?? replaced(intent)) };
}

/**
 * What the own branch says counts while its pull request is open, and where there never was one: then a writer died before
 * it opened it. What was closed was turned down, and what was merged is on the base.
 */
function listProposed({ own, open, last, tip }: View): readonly Intent[] {
  if (own === undefined) return [];
  const isOver = open === undefined && (last?.head === own.commit || last?.head === tip);
  return isOver ? [] : own.intents;
}

async function dropLanded(
  proposed: readonly Intent[],
  { head, environment }: View,
  ports: ProposePorts,
): Promise<readonly Intent[]> {
  if (proposed.length === 0) return [];
  const { overlay } = findEnvironment(await ports.readConfig(head), environment);
  const branch = await ports.history.at(head);
  await branch.line.reachBack(new Date(Math.min(...proposed.map(({ id }) => timeOf(id))) - CLOCKS_DIFFER));
  const open: Intent[] = [];
  for (const one of proposed)
    if ((await branch.findIntent(one.id, [{ environment, overlay }])) === undefined) open.push(one);
  return open;
}

/** The digests of the newest pull request, where a person closed it and did not merge it. */
async function readTurnedDown(
  { environment, open, last }: View,
  ports: ProposePorts,
): Promise<ReadonlyMap<Digest, Binding> | undefined> {
  const { git } = ports;
  if (open !== undefined || last?.state !== 'closed' || last.body.startsWith(CLOSED)) return undefined;
  const { head, number } = last;
  const isHere = (await git.findCommits([head])).has(head);
  if (!isHere) await git.fetch({ refspecs: [`+refs/pull/${number}/head:refs/slipway/pulls/${number}`], depth: 1 });
  const releases = (await readProposedCommit(head, environment, ports))?.releases ?? [];
  const reason = `pull request #${number}, which proposed it, was closed without being merged`;
  const since = last.closedAt ?? new Date(0);
  const binding: Binding = { kind: 'manual', reason, by: 'a person', since, until: undefined, pull: number };
  return new Map(releases.map(({ to }) => [to, binding]));
}

/** True where the own branch holds already what the plan writes, and nothing else: then a review of it is not lost. */
export async function isSame(plan: Plan, { own, tip, environment }: View, { git }: ProposePorts): Promise<boolean> {
  if (own === undefined || tip === undefined) return false;
  const { releases, files, decided } = plan;
  const holds = decided.flatMap((one) => (one.outcome === 'landed' ? one.holds : []));
  const isRecord = nameAll(releases, nameRelease) === nameAll(own.releases, nameRelease);
  if (!isRecord || nameAll(holds, nameHold) !== nameAll(own.holds, nameHold)) return false;
  const texts = await Promise.all(files.map(({ path }) => git.readText(tip, path)));
  if (!files.every(({ content }, index) => Buffer.from(content).toString('utf8') === texts[index])) return false;
  // a commit that only looks like ours may change more: the tip, its merge of the base, and what is below
  await git.fetch({ refspecs: [`+refs/heads/${branchOf(environment)}:refs/slipway/compared`], depth: 3 });
  const [parent] = (await git.readCommit(own.commit)).parents;
  const changed = parent === undefined ? [] : await git.listChangedPaths(parent, own.commit);
  return changed.every((path) => files.some((file) => file.path === path));
}

function nameAll<One>(all: readonly One[], nameOf: (one: One) => string): string {
  return all.map(nameOf).sort().join('\n');
}

function nameRelease({ image, from, to }: Release): string {
  return [image, from, to].join(' ');
}

function nameHold({ image, action, kind }: HoldRecord): string {
  return [image, action, kind].join(' ');
}
