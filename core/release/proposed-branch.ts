import { PIPELINE_IDENTITY } from '#core/git/commit.ts';
import type { CommitObject } from '#core/git/read.ts';
import type { Git } from '#core/git/repository.ts';
import { refuseMissing } from '#core/release/head.ts';
import type { History } from '#core/release/history.ts';
import type { Intent } from '#core/release/intent.ts';
import { readIntents } from '#core/release/proposed-intents.ts';
import { type HoldRecord, parseHoldRecords, parseReleases, type Release } from '#core/release/trailer.ts';
import { InputError } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

const HEAD = 'refs/slipway/head';
const HERE = 'refs/slipway/proposals/';
/** The branches that the pipeline writes begin so, each with the name of its environment. */
const PREFIX = 'slipway/';
/** How far a commit of ours is looked for below those of others. */
const MOST_FOREIGN = 20;

/** What reading an environment's branch needs from the world. */
export interface BranchReader {
  readonly git: Git;
  readonly history: History;
  readonly proposing: { readonly identity: string };
}

/** A commit of ours on an environment's branch. */
export interface ProposedCommit {
  readonly commit: CommitSha;
  readonly message: string;
  readonly intents: readonly Intent[];
  readonly releases: readonly Release[];
  readonly holds: readonly HoldRecord[];
}

/** A commit that someone else put on an environment's branch. */
export interface ForeignCommit {
  readonly commit: CommitSha;
  readonly author: string;
  readonly subject: string;
}

/** The base branch's newest commit, and what an environment's own branch proposes for it. */
export interface ProposedBranch {
  readonly head: CommitSha;
  /** The own branch's newest commit; undefined where there is no such branch. */
  readonly tip: CommitSha | undefined;
  readonly own: ProposedCommit | undefined;
  /** Newest first; they are kept. */
  readonly foreign: readonly ForeignCommit[];
}

/** Returns the name of the branch that proposes for an environment. */
export function branchOf(environment: string): string {
  return `${PREFIX}${environment}`;
}

/** Fetches the base and the environment's own branch, in one request; refuses a base that is such a branch. */
export async function readProposed(environment: string, base: string, ports: BranchReader): Promise<ProposedBranch> {
  const { git, proposing } = ports;
  const branch = branchOf(environment);
  if (base.startsWith(PREFIX))
    throw new InputError(
      'branch',
      base,
      'is a branch for pull requests of the pipeline: give the one that Argo CD follows',
    );
  const refspecs = [`+refs/heads/${base}:${HEAD}`, `+refs/heads/${PREFIX}*:${HERE}*`];
  const isThere = await git.fetch({ refspecs, depth: 1, prune: true });
  const head = isThere ? await git.revParse(HEAD) : undefined;
  if (head === undefined) throw refuseMissing(base);
  const tip = await git.revParse(`${HERE}${environment}`);
  if (tip === undefined || tip === head) return { head, tip, own: undefined, foreign: [] };
  const read = readOwn(tip, await git.readCommit(tip), environment, proposing.identity);
  if (read !== undefined) return { head, tip, own: read, foreign: [] };
  await git.fetch({ refspecs: [`+refs/heads/${branch}:${HERE}${environment}`], depth: MOST_FOREIGN + 1 });
  return { head, tip, ...(await findOwn(tip, environment, head, ports)) };
}

/** Returns a commit of ours that is here; undefined for anything else. */
export async function readProposedCommit(
  commit: CommitSha,
  environment: string,
  { git, proposing: { identity } }: BranchReader,
): Promise<ProposedCommit | undefined> {
  const isHere = (await git.findCommits([commit])).has(commit);
  return isHere ? readOwn(commit, await git.readCommit(commit), environment, identity) : undefined;
}

/** A commit of ours has the intents in its message, and was committed by the pipeline or by GitHub: others amend as themselves. */
function readOwn(
  commit: CommitSha,
  object: CommitObject,
  environment: string,
  identity: string,
): ProposedCommit | undefined {
  const { message, committer, parents } = object;
  const isCommitter =
    committer === PIPELINE_IDENTITY ||
    committer.endsWith('<noreply@github.com>') ||
    committer.endsWith(`+${identity}@users.noreply.github.com>`);
  const intents = readIntents(message, environment);
  if (intents.length === 0 || !isCommitter || parents.length !== 1) return undefined;
  return { commit, message, intents, releases: parseReleases(message), holds: parseHoldRecords(message) };
}

async function findOwn(
  tip: CommitSha,
  environment: string,
  head: CommitSha,
  ports: BranchReader,
): Promise<Pick<ProposedBranch, 'own' | 'foreign'>> {
  const { git } = ports;
  const foreign: ForeignCommit[] = [];
  for (let commit: CommitSha | undefined = tip; commit !== undefined && foreign.length < MOST_FOREIGN; ) {
    if (!(await git.findCommits([commit])).has(commit)) break;
    const object: CommitObject = await git.readCommit(commit);
    const own = readOwn(commit, object, environment, ports.proposing.identity);
    if (own !== undefined) return { own, foreign: await dropUpdates(foreign, own, head, ports) };
    foreign.push({ commit, ...(await git.describe(commit)) });
    commit = object.parents[0];
  }
  return { own: undefined, foreign: foreign.slice(0, 1) };
}

/**
 * GitHub's button "Update branch" merges the base into it, which brings nothing of anyone else: then the merge has, besides
 * the base's own files, ours alone. None is foreign where all are such merges.
 */
async function dropUpdates(
  foreign: readonly ForeignCommit[],
  own: ProposedCommit,
  head: CommitSha,
  { git, history }: BranchReader,
): Promise<readonly ForeignCommit[]> {
  const [newest] = foreign;
  const [, brought] = newest === undefined ? [] : (await git.readCommit(newest.commit)).parents;
  if (newest === undefined || brought === undefined) return foreign;
  const [parent] = (await git.readCommit(own.commit)).parents;
  const isHere = parent !== undefined && (await git.findCommits([parent, brought])).size === 2;
  if (!isHere || !(await (await history.at(head)).line.contains(brought))) return foreign;
  const [changed, ours] = [
    await git.listChangedPaths(brought, newest.commit),
    await git.listChangedPaths(parent, own.commit),
  ];
  const names = [own.commit, newest.commit].map((commit) => ours.map((path) => `${commit}:${path}`));
  const [before = [], after = []] = await Promise.all(names.map((some) => git.findObjects(some)));
  const isOurs = changed.every((path) => ours.includes(path)) && before.join() === after.join();
  return isOurs ? [] : foreign;
}
