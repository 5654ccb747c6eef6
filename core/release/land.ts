import type { Config } from '#core/config/config.ts';
import type { RefUpdate } from '#core/git/push.ts';
import type { Git } from '#core/git/repository.ts';
import type { OverlayEdit, OverlayEditor } from '#core/overlay/edit.ts';
import { formatCommitMessage } from '#core/release/commit-message.ts';
import type { History } from '#core/release/history.ts';
import { type Decision, decide, summarizeOutcomes } from '#core/release/rules.ts';
import type { LandedRelease, Release, ReleaseKind } from '#core/release/trailer.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommitSha, type Digest, NEVER_RELEASED } from '#core/values/reference.ts';

/** A wish to bring digests into one environment, all of them in one commit or none. */
export interface Wish {
  readonly kind: ReleaseKind;
  readonly environment: string;
  readonly images: ReadonlyMap<string, Digest>;
  readonly source: CommitSha;
  /** ULID, a new one for every run of a writer: it is how the writer finds its own commit again. */
  readonly intent: string;
  readonly run: string;
  readonly actor: string;
}

/** What became of one image of a wish. */
export interface ImageOutcome {
  readonly environment: string;
  readonly image: string;
  readonly outcome: 'landed' | 'unchanged' | 'superseded';
  readonly from: Digest | undefined;
  readonly to: Digest;
  readonly source: CommitSha;
  /** The newer release, where one superseded this. */
  readonly winner?: LandedRelease;
}

/** What became of a wish. */
export interface Landing {
  readonly outcome: ImageOutcome['outcome'];
  /** The commit that landed it; undefined when nothing was written. */
  readonly commit: CommitSha | undefined;
  readonly images: readonly ImageOutcome[];
  /** What the change does to the rendered overlay; undefined when nothing was written. */
  readonly edit: OverlayEdit | undefined;
  /** How often the branch had moved under us. */
  readonly lostRaces: number;
}

/** What landing needs from the world. */
export interface LandingPorts {
  /** The branch's newest commit with its tree. */
  readonly git: Git;
  readonly history: History;
  readonly editor: OverlayEditor;
  /** Reads slipway.yaml at a commit that `git` has. */
  readonly readConfig: (commit: CommitSha) => Promise<Config>;
  readonly clock: Clock;
  readonly log: Log;
  /** Between 0 and 1, for waiting times. */
  readonly random: () => number;
}

/** How often the server may say no to an unmoved branch before we believe it; two writers can also meet on its lock. */
const REFUSALS_BELIEVED = 3;
/** More lost races than a busy monorepo has; past it somebody writes in a loop. */
const RACES_ENDURED = 200;

/**
 * Brings a wish onto the branch: read the head, decide by the rules, write one commit, move the branch if it has not
 * moved. Lost the race: read and decide again on the new head. Nothing is merged, forced or created anew, and the
 * outcome is read from the branch alone, so an answer lost on the wire changes nothing.
 */
export async function land(wish: Wish, branch: string, ports: LandingPorts): Promise<Landing> {
  const { git, clock, log, random } = ports;
  const ref = `refs/heads/${branch}`;
  let refusals = 0;
  let written: Plan | undefined;
  for (let races = 0; races < RACES_ENDURED; ) {
    const [head, seen] = await Promise.all([readHead(git, branch), git.lsRemoteBelow(seenPrefix(wish.environment))]);
    const own = written === undefined ? undefined : await ports.history.findIntent(head, wish.intent);
    if (written !== undefined && own !== undefined) return { ...written, commit: own, lostRaces: races };
    const plan = await planAt(head, seen, wish, ports);
    const commit = plan.edit === undefined ? undefined : await writeCommit(head, plan.edit, plan.releases, ports);
    if (commit !== undefined) written = plan;
    const updates = [...(commit === undefined ? [] : [{ ref, commit, lease: head }]), ...plan.seen];
    if (updates.length === 0) return { ...plan, commit, lostRaces: races };
    const pushed = await git.push(updates);
    if (pushed.outcome === 'pushed') return { ...plan, commit, lostRaces: races };
    const moved = await hasMoved(updates, git);
    if (moved) races += 1;
    else refusals += 1;
    if (refusals >= REFUSALS_BELIEVED) throw refusedByServer(branch, pushed.reason);
    log.info(
      moved
        ? `${branch} moved on: reading it again`
        : `${branch} did not take the commit (${pushed.reason}): trying again`,
    );
    await clock.sleep(random() * Math.min(1_000, 100 * (races + refusals)));
  }
  throw new Refusal(
    `${branch} moved ${RACES_ENDURED} times while we wrote to it: look for a workflow that pushes in a loop`,
  );
}

function writeCommit(
  parent: CommitSha,
  edit: OverlayEdit,
  releases: readonly Release[],
  ports: LandingPorts,
): Promise<CommitSha> {
  return ports.git.commit({
    parent,
    message: formatCommitMessage(releases),
    files: [edit.file],
    at: ports.clock.now(),
  });
}

async function hasMoved(updates: readonly RefUpdate[], git: Git): Promise<boolean> {
  const now = await Promise.all(updates.map((update) => git.lsRemote(update.ref)));
  return updates.some((update, index) => update.lease !== now[index]);
}

/**
 * Where the newest source is recorded that was found to give what is deployed. A bump that changes nothing writes no
 * commit, yet an older source that finishes after it must not win: A, B, A built from three commits, finishing as first,
 * third, second, would end on B. The ref moves with the branch in one atomic push.
 */
function seenPrefix(environment: string): string {
  return `refs/slipway/seen/${environment}/`;
}

interface Plan {
  readonly outcome: ImageOutcome['outcome'];
  readonly images: readonly ImageOutcome[];
  readonly releases: readonly Release[];
  readonly edit: OverlayEdit | undefined;
  /** What is to be recorded of the source, with the commit or without one. */
  readonly seen: readonly RefUpdate[];
}

/** git pushes only what it has; the checkout lends the source where it is at it. */
async function ensureHere(source: CommitSha, git: Git): Promise<void> {
  if ((await git.revParse(source)) !== undefined) return;
  await git.fetch({ refspecs: [`${source}:refs/slipway/source`], depth: 1 });
}

/** Decides each image by the rules on the tree of `head`, and prepares and proves the edit of those that land. */
async function planAt(
  head: CommitSha,
  seen: ReadonlyMap<string, CommitSha>,
  wish: Wish,
  ports: LandingPorts,
): Promise<Plan> {
  const config = await ports.readConfig(head);
  const environment = findEnvironment(config, wish);
  const overlay = await ports.editor.read(head, environment.overlay);
  const recorded = [...wish.images.keys()].filter(
    (image) => (overlay.digests.get(image) ?? NEVER_RELEASED) !== NEVER_RELEASED,
  );
  const deployed =
    recorded.length === 0
      ? new Map<string, LandedRelease>()
      : await ports.history.findReleases(head, wish.environment, recorded);
  await ensureKnownSource(wish, head, ports.history);
  const updates: RefUpdate[] = [];
  const images = await Promise.all(
    [...wish.images].map(async ([image, to]): Promise<ImageOutcome> => {
      const from = overlay.digests.get(image);
      const [release, ref] = [deployed.get(image), `${seenPrefix(wish.environment)}${image}`];
      const lease = seen.get(ref);
      const relation = release === undefined ? 'newer' : await ports.history.relate(wish.source, release.source);
      const relationToSeen = lease === undefined ? 'newer' : await ports.history.relate(wish.source, lease);
      const decision = decide({ wanted: to, current: from, deployed: release, relation, seen: lease, relationToSeen });
      const outcome = outcomeOf(decision, wish, image);
      const isNews = outcome.outcome === 'landed' || (outcome.outcome === 'unchanged' && relation === 'newer');
      if (isNews && lease !== wish.source) updates.push({ ref, commit: wish.source, lease });
      return { environment: wish.environment, image, from, to, source: wish.source, ...outcome };
    }),
  );
  if (updates.length > 0) await ensureHere(wish.source, ports.git);
  const landing = images.filter((image) => image.outcome === 'landed');
  const edit =
    landing.length === 0
      ? undefined
      : await ports.editor.edit(head, overlay, new Map(landing.map(({ image, to }) => [image, to])), config.registry);
  const releases = landing.map(({ image, to, from }) => ({ ...wish, image, to, from }));
  return { outcome: summarizeOutcomes(images.map((image) => image.outcome)), images, releases, edit, seen: updates };
}

function outcomeOf(decision: Decision, wish: Wish, image: string): Pick<ImageOutcome, 'outcome' | 'winner'> {
  switch (decision.outcome) {
    case 'lands':
      return { outcome: 'landed' };
    case 'unchanged':
      return { outcome: 'unchanged' };
    case 'superseded':
      return { outcome: 'superseded', winner: decision.winner };
    case 'refused':
      throw new Refusal(
        `source-sha: ${wish.source} is neither before nor after ${decision.deployed.source}, from which ${wish.environment}/${image} was released in ${decision.deployed.commit}; deploy a commit that contains that one, or revert that release first`,
      );
  }
}

function findEnvironment(config: Config, wish: Wish): { overlay: string } {
  const environment = config.environments.get(wish.environment);
  if (environment === undefined) {
    throw new Refusal(
      `environment: slipway.yaml has no environment ${JSON.stringify(wish.environment)}; it has ${[...config.environments.keys()].join(', ')}`,
    );
  }
  for (const image of wish.images.keys()) {
    if (config.images.has(image)) continue;
    throw new Refusal(
      `images: slipway.yaml has no image ${JSON.stringify(image)}; it has ${[...config.images.keys()].join(', ')}`,
    );
  }
  if (wish.kind === 'deploy' && environment.deploys === 'on-promotion') {
    throw new Refusal(
      `environment: ${wish.environment} takes releases by promotion from ${environment.from ?? 'another environment'} only (slipway.yaml, deploys); promote the release instead`,
    );
  }
  return environment;
}

async function ensureKnownSource(wish: Wish, head: CommitSha, history: History): Promise<void> {
  if (!(await history.has(wish.source))) {
    throw new Refusal(
      `source-sha: the repository has no commit ${wish.source}; give the commit that the images were built from`,
    );
  }
  if (!(await history.sharesHistory(wish.source, head))) {
    throw new Refusal(
      `source-sha: ${wish.source} has no history in common with the branch; give a commit of this branch`,
    );
  }
}

async function readHead(git: Git, branch: string): Promise<CommitSha> {
  const here = await git.fetch({ refspecs: [`+refs/heads/${branch}:refs/slipway/head`], depth: 1 });
  const head = here ? await git.revParse('refs/slipway/head') : undefined;
  if (head === undefined) {
    throw new Refusal(
      `branch: the repository has no branch ${JSON.stringify(branch)}; it was deleted or never pushed, and is not created by a bump`,
    );
  }
  return head;
}

function refusedByServer(branch: string, reason: string): Refusal {
  const remedy = /\b403\b|[Pp]ermission|not allowed|denied/.test(reason)
    ? 'give the job `permissions: contents: write`'
    : 'let the pipeline push to it (branch protection or ruleset: add its identity to the bypass list)';
  return new Refusal(`branch: ${branch} does not take the commit, the server says: ${reason}; ${remedy}`);
}
