import type { ImageOutcome } from '#core/release/decide.ts';
import { findEnvironment } from '#core/release/environments.ts';
import type { Intent } from '#core/release/intent.ts';
import type { LandPorts, LandResult } from '#core/release/land.ts';
import { messageOf } from '#core/release/plan.ts';
import {
  isSame,
  lookAt,
  type ProposalPlan,
  type ProposePorts,
  planProposal,
  type View,
} from '#core/release/plan-proposal.ts';
import type { Proposal } from '#core/release/proposal.ts';
import {
  branchOf,
  type ForeignCommit,
  type ProposedCommit,
  readProposedCommit,
} from '#core/release/proposed-branch.ts';
import { withIntents } from '#core/release/proposed-intents.ts';
import { explainRejection, isFinal } from '#core/release/rejection.ts';
import { summarizeOutcomes } from '#core/release/rules.ts';
import { sayDecided, sayOther } from '#core/release/say.ts';
import { settlePull } from '#core/release/settle-pull.ts';
import type { Binding } from '#core/release/state.ts';
import type { Release } from '#core/release/trailer.ts';
import { Refusal } from '#core/values/errors.ts';

/** Rejections tolerated while nothing has moved: of a push, or of a new pull request. */
const MOST_REJECTIONS = 5;
/** How long the branch and its pull request may keep changing under a run, in milliseconds. */
const DEADLINE = 10 * 60_000;

interface Progress {
  readonly since: number;
  rejections: number;
  /** True when this run wrote the branch. */
  hasWritten: boolean;
  /** What was proposed when it began. */
  before: readonly Release[] | undefined;
}

/**
 * Proposes an intent for one environment: decides it together with what is proposed already, on the base as it is now,
 * writes the one commit onto the environment's own branch, and keeps the one open pull request of that branch. Without an
 * intent it only does the latter. Everything is read again when something moved, so that a run that was killed anywhere is
 * taken further by the next one.
 */
export async function propose(
  environment: string,
  intent: Intent | undefined,
  base: string,
  given: LandPorts,
): Promise<LandResult> {
  const ports = requireGitHub(environment, given);
  const { clock } = ports;
  const progress: Progress = { since: clock.now().getTime(), rejections: 0, hasWritten: false, before: undefined };
  while (clock.now().getTime() - progress.since < DEADLINE) {
    const view = await lookAt(environment, base, ports);
    progress.before ??= view.own?.releases ?? [];
    if (view.foreign.length > 0) return keepForeign(view, intent, base, ports);
    const proposal = await planProposal(view, intent, ports);
    if (proposal.own?.outcome === 'refused') throw proposal.own.refusal ?? new Error('a refusal without a reason');
    const commit = await writeBranch(view, proposal, base, progress, ports);
    if (commit === 'again') continue;
    const settled = await settlePull(view, proposal, commit, base, ports);
    if (settled.outcome === 'settled') return toResult(proposal, settled, progress, ports);
    judge(settled.reason, view, progress);
    await pause(progress, ports);
  }
  throw new Refusal(
    `${branchOf(environment)} and its pull request kept changing for ${DEADLINE / 60_000} minutes; run the job again, and look for a workflow that writes to them in a loop`,
  );
}

function requireGitHub(environment: string, ports: LandPorts): ProposePorts {
  const { proposing } = ports;
  if (proposing !== undefined) return { ...ports, proposing };
  throw new Refusal(
    `environment: ${environment} takes changes by pull request only (slipway.yaml, via: pull-request), which needs GitHub's API and a token; start the workflow on GitHub`,
  );
}

/** Writes the plan's commit onto the own branch, on the base; undefined where there is nothing to write. */
async function writeBranch(
  view: View,
  { plan }: ProposalPlan,
  base: string,
  progress: Progress,
  ports: ProposePorts,
): Promise<ProposedCommit | 'again' | undefined> {
  if (plan.files.length === 0) return undefined;
  if (view.own !== undefined && (await isSame(plan, view, ports))) return view.own;
  const { head, tip, environment } = view;
  const landing = plan.decided.filter(({ outcome }) => outcome === 'landed').map(({ intent }) => intent);
  const message = withIntents(messageOf(plan), landing);
  const commit = await ports.transport.commit({ parent: head, message, files: plan.files, at: ports.clock.now() });
  const ref = `refs/heads/${branchOf(environment)}`;
  const pushed = await ports.transport.update([{ ref, commit, lease: tip, isRewrite: true }]);
  if (pushed.outcome !== 'pushed') {
    progress.rejections += 1;
    if (isFinal(pushed) || progress.rejections >= MOST_REJECTIONS)
      throw explainRejection(branchOf(environment), pushed.reason);
    ports.log.info(`${branchOf(environment)} moved on, or ${base} did: deciding again`);
    await pause(progress, ports);
    return 'again';
  }
  progress.hasWritten = true;
  ports.log.info(`${branchOf(environment)} is at ${commit.slice(0, 7)}, on ${base} at ${head.slice(0, 7)}`);
  const { git } = ports;
  const isHere = (await git.findCommits([commit])).has(commit);
  if (!isHere) await git.fetch({ refspecs: [`+${commit}:refs/slipway/written`], depth: 1 });
  return (await readProposedCommit(commit, environment, ports)) ?? 'again';
}

/** GitHub says why it opens no pull request, and may be behind; a few times it is asked again. */
function judge(reason: string | undefined, { stranger, environment }: View, progress: Progress): void {
  if (reason === undefined) return;
  progress.rejections += 1;
  if (progress.rejections < MOST_REJECTIONS && stranger === undefined) return;
  const who =
    stranger === undefined
      ? ''
      : `; ${stranger.author} opened #${stranger.number} from this branch: close it, or give identity: ${stranger.author} where that is who this token writes as`;
  throw new Refusal(`GitHub opens no pull request from ${branchOf(environment)}: ${reason}${who}`);
}

function pause({ rejections }: Progress, { clock, random }: ProposePorts): Promise<void> {
  return clock.sleep(Math.round(500 + random() * Math.min(4_000, 500 * (rejections + 1))));
}

interface Settled {
  readonly proposal: Proposal | undefined;
  readonly isNew: boolean;
}

function toResult(
  { plan, own, carried }: ProposalPlan,
  { proposal, isNew }: Settled,
  { hasWritten, before = [] }: Progress,
  { log }: ProposePorts,
): LandResult {
  const isThere = ({ image, from, to }: ImageOutcome): boolean =>
    !isNew && before.some((one) => one.image === image && one.from === from && one.to === to);
  const images = (own?.images ?? []).map((one): ImageOutcome => {
    if (one.outcome !== 'landed') return one;
    return { ...one, outcome: isThere(one) ? 'unchanged' : 'proposed' };
  });
  const isProposed = hasWritten || isNew;
  const holds = own?.holds ?? [];
  if (own !== undefined) sayDecided({ images, holds }, log);
  for (const one of carried) if (one.outcome !== 'landed') sayOther(one, log);
  const outcome =
    images.length > 0 && holds.length === 0
      ? summarizeOutcomes(images.map((one) => one.outcome))
      : isProposed && own?.outcome !== 'unchanged'
        ? 'proposed'
        : 'unchanged';
  const edits = isProposed ? plan.edits : [];
  const proposals = proposal === undefined ? [] : [{ ...proposal, isWritten: isProposed }];
  return { outcome, commit: undefined, images, holds, edits, lostRaces: 0, batch: undefined, proposals };
}

/** What others put on the own branch is kept: a hand's change is meant. */
async function keepForeign(
  view: View,
  intent: Intent | undefined,
  base: string,
  ports: ProposePorts,
): Promise<LandResult> {
  const { environment, head, open, own } = view;
  const reason = describeForeign(view);
  if (intent !== undefined && intent.kind !== 'deploy') throw new Refusal(`environment: ${reason}`);
  const settled = await settlePull(view, await planProposal(view, undefined, ports), own, base, ports, reason);
  const proposals = settled.outcome === 'settled' && settled.proposal !== undefined ? [settled.proposal] : [];
  ports.log.warn(reason);
  const since = ports.clock.now();
  const hold: Binding = {
    kind: 'manual',
    reason,
    by: view.foreign[0]?.author ?? '',
    since,
    until: undefined,
    pull: open?.number ?? 0,
  };
  const config = await ports.readConfig(head);
  const { digests } = await ports.editor.read(head, findEnvironment(config, environment), config);
  const images = [...(intent?.images ?? [])].map(([image, { digest, source }]): ImageOutcome => {
    return { environment, image, outcome: 'held', from: digests.get(image), to: digest, source, hold };
  });
  const outcome = images.length > 0 ? 'held' : 'unchanged';
  return { outcome, commit: undefined, images, holds: [], edits: [], lostRaces: 0, batch: undefined, proposals };
}

function describeForeign({ environment, foreign, open }: View): string {
  const name = ({ commit, author, subject }: ForeignCommit): string =>
    `${commit.slice(0, 7)} of ${author} (${subject})`;
  const way =
    open === undefined
      ? 'delete the branch to drop them'
      : `merge #${open.number} with them, or delete the branch to drop them`;
  return `${branchOf(environment)} has commits that Slipway did not write, and keeps them: ${foreign.map(name).join(', ')}; ${way}`;
}
