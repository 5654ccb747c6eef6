import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import { deliver } from '#core/release/deliver.ts';
import { findUnseen, type UnseenReport } from '#core/release/find-unseen.ts';
import { foldIntents } from '#core/release/fold.ts';
import { findCandidates } from '#core/release/hold-image.ts';
import type { LandResult } from '#core/release/land.ts';
import { readTip } from '#core/release/open-intents.ts';
import { propose } from '#core/release/propose.ts';
import { explainRejection } from '#core/release/rejection.ts';
import { countLanded, sayOther } from '#core/release/say.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What was left behind, and what became of it. */
export interface Reconciled {
  /** How many intents of other writers were decided. */
  readonly folded: number;
  /** The commits that landed something, oldest first. */
  readonly commits: readonly CommitSha[];
  /** What became of the newest builds, an environment each. */
  readonly deploys: readonly LandResult[];
  /** Refs below the intents' prefix that hold none of ours. */
  readonly foreign: readonly string[];
  /** What git promises and the cluster does not show. */
  readonly cluster: UnseenReport;
}

/** Folds are tried again while another writer moves the branch, this often at most. */
const MOST_FOLDS = 20;

/**
 * Lands what was left behind: the intents of writers that died, and the newest build of each image in the environments
 * that deploy on push, where nothing holds it (any more). Pull requests are written again where the base moved under them.
 * Run twice, the second changes nothing.
 */
export async function reconcile(branch: string, ports: AskPorts): Promise<Reconciled> {
  const { folded, commits, foreign } = await foldLeftovers(branch, ports);
  const { head } = await readTip(branch, ports);
  const config = await ports.readConfig(head);
  const deploys: LandResult[] = [];
  for (const { name, deploys: way, via } of config.environments.values()) {
    const images = way === 'on-push' ? await findCandidates(name, '*', head, ports) : new Map();
    if (images.size === 0) {
      if (via === 'pull-request') deploys.push(await propose(name, undefined, branch, ports));
      continue;
    }
    const intent = { kind: 'deploy', environments: [name], images, isByHand: false } as const;
    deploys.push(await deliver({ ...intent, ...describeAsker(ports, '') }, branch, ports));
  }
  const landed = deploys.flatMap(({ commit }) => (commit === undefined ? [] : [commit]));
  const cluster = await findUnseen(landed.length === 0 ? head : (await readTip(branch, ports)).head, ports);
  return { folded, commits: [...commits, ...landed], deploys, foreign, cluster };
}

async function foldLeftovers(
  branch: string,
  ports: AskPorts,
): Promise<Pick<Reconciled, 'folded' | 'commits' | 'foreign'>> {
  const commits: CommitSha[] = [];
  let folded = 0;
  for (let tries = 0; ; tries++) {
    const tip = await readTip(branch, ports);
    const open = await ports.trust(tip.open, branch);
    if (open.length === 0) return { folded, commits, foreign: tip.foreign };
    const { plan, commit, rejected } = await foldIntents(tip, open, undefined, branch, ports);
    if (rejected !== undefined && tries >= MOST_FOLDS) throw explainRejection(branch, rejected.reason);
    if (rejected !== undefined) {
      await ports.clock.sleep(Math.round(ports.random() * 1_000));
      continue;
    }
    for (const decided of plan.decided) {
      if (decided.outcome === 'waits') continue;
      folded += 1;
      sayOther(decided, ports.log);
    }
    if (commit !== undefined && countLanded(plan) > 0) commits.push(commit);
  }
}
