import type { Git } from '#core/git/repository.ts';
import { Refusal } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** A repository with the trees of the commits that are compared, and one for commits alone. */
export interface Repositories {
  readonly git: Git;
  readonly commits: Git;
}

/** How much of the history is fetched, step by step; the last is all of it. */
const DEPTHS = [64, 1_024, undefined];

/** Fetches the trees of commits, where they are not here already; refuses one that the repository does not have. */
export async function fetchTrees(git: Git, wanted: readonly CommitSha[]): Promise<void> {
  const here = await git.findCommits(wanted);
  for (const commit of new Set(wanted.filter((one) => !here.has(one)))) {
    if (!(await git.fetch({ refspecs: [`+${commit}:refs/slipway/compared/${commit}`], depth: 1 })))
      throw refuseMissing(commit);
  }
}

function refuseMissing(commit: CommitSha): Refusal {
  return new Refusal(
    `the repository does not have the commit ${commit}: push it, or check it out in an earlier step (fetch-depth: 0)`,
  );
}

/**
 * Returns the best common ancestor of two commits, by the history of the checkout where that is long enough, otherwise by
 * as much of the remote's as it takes. Refuses commits that have none.
 */
export async function findCommonCommit(
  one: CommitSha,
  other: CommitSha,
  repositories: Repositories,
): Promise<CommitSha> {
  const { git, commits } = repositories;
  if ((await git.findCommits([one, other])).size === new Set([one, other]).size) {
    const found = await findProven(git, one, other);
    if (found !== undefined) return found;
  }
  for (const depth of DEPTHS) {
    const refspecs = [...new Set([one, other])].map((commit) => `+${commit}:refs/slipway/ends/${commit}`);
    const options = depth === undefined ? { afresh: true } : { depth };
    if (!(await commits.fetch({ refspecs, filter: 'tree:0', ...options })))
      throw await nameMissing(commits, one, other);
    const found = await findProven(commits, one, other);
    if (found !== undefined) return found;
    if (!commits.isShallow()) break;
  }
  throw new Refusal(
    `${one} and ${other} have no commit in common in the repository: give the branch that the change goes to as base`,
  );
}

/** A server says that one is missing, and not which. */
async function nameMissing(commits: Git, one: CommitSha, other: CommitSha): Promise<Refusal> {
  const isThere = await commits.fetch({ refspecs: [`+${one}:refs/slipway/ends/${one}`], depth: 1, filter: 'tree:0' });
  return refuseMissing(isThere ? other : one);
}

/**
 * A common ancestor may hide a better one behind the end of a shallow history: it counts only where no commit that is
 * newer than it ends there.
 */
async function findProven(git: Git, one: CommitSha, other: CommitSha): Promise<CommitSha | undefined> {
  const found = await git.mergeBase(one, other);
  if (found === undefined) return undefined;
  const ends = await git.shallowCommits();
  if (ends.size === 0) return found;
  const newer = await Promise.all([one, other].map((head) => git.listBetween(found, head, ends)));
  return newer.flat().length === 0 ? found : undefined;
}
