import type { Config } from '#core/config/config.ts';
import type { Git } from '#core/git/repository.ts';
import type { Line, LoggedClaim } from '#core/release/line.ts';
import type { Proposing } from '#core/release/proposal.ts';
import { branchOf } from '#core/release/proposed-branch.ts';
import { parseHoldRecords, parseReleases } from '#core/release/trailer.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** A pull request of ours that was merged. */
export interface MergedPull {
  readonly number: number;
  readonly landed: CommitSha;
}

/** Returns the merged pull requests of the environments that take them, by slipway.yaml at a head. */
export type Recall = (head: CommitSha) => Promise<readonly MergedPull[]>;

/** How far below its head a pull request's own commit is looked for: others may have put theirs on top. */
const DEPTH = 21;

/** Opens {@link Recall}; GitHub is asked only where slipway.yaml has such environments. */
export function openRecall({ pulls, identity }: Proposing, readConfig: (head: CommitSha) => Promise<Config>): Recall {
  return async (head) => {
    const { environments } = await readConfig(head);
    const branches = [...environments.values()]
      .filter(({ via }) => via === 'pull-request')
      .map(({ name }) => branchOf(name));
    const lists = await Promise.all(branches.map((branch) => pulls.list(branch)));
    return lists
      .flat()
      .flatMap(({ number, landed, author }) =>
        landed === undefined || author !== identity ? [] : [{ number, landed }],
      );
  };
}

/**
 * Lets a line's commits that squashed a pull request of ours, and lost its message, claim what the pull request's commit
 * says: the server keeps that commit. It is believed where the tree agrees, like every claim. `git` is not the line's own
 * repository: what is fetched to a small depth cuts off what was fetched before.
 */
export function withRecalled(line: Line, merged: readonly MergedPull[], git: Git): Line {
  if (merged.length === 0) return line;
  let reading: Promise<readonly LoggedClaim[]> | undefined;
  const read = async (): Promise<readonly LoggedClaim[]> => {
    const claims = await line.claims();
    const known = new Set(claims.filter(({ message }) => hasRecord(message)).map(({ commit }) => commit));
    const lost = (await line.find(merged.map(({ landed }) => landed))).filter(
      ({ commit, parents }) => !known.has(commit) && parents.length === 1,
    );
    const pulls = merged.filter(({ landed }) => lost.some(({ commit }) => commit === landed));
    const messages = await readMessages(pulls, git);
    const recalled = lost.flatMap((logged): LoggedClaim[] => {
      const message = messages.get(logged.commit);
      return message === undefined ? [] : [{ ...logged, message }];
    });
    const isRecalled = ({ commit }: LoggedClaim) => recalled.some((one) => one.commit === commit);
    return recalled.length === 0 ? claims : [...claims.filter((claim) => !isRecalled(claim)), ...recalled];
  };
  return {
    ...line,
    claims: () => (reading ??= read()),
    deepen: async () => {
      const isDeeper = await line.deepen();
      if (isDeeper) reading = undefined;
      return isDeeper;
    },
    reachBack: async (time) => {
      await line.reachBack(time);
      reading = undefined;
    },
  };
}

function hasRecord(message: string): boolean {
  return parseReleases(message).length + parseHoldRecords(message).length > 0;
}

/** Returns what our commit in each pull request says, by the commit that landed it. */
async function readMessages(pulls: readonly MergedPull[], git: Git): Promise<ReadonlyMap<CommitSha, string>> {
  const messages = new Map<CommitSha, string>();
  if (pulls.length === 0) return messages;
  const refspecs = pulls.map(({ number }) => `+refs/pull/${number}/head:refs/slipway/pulls/${number}`);
  if (!(await git.fetch({ refspecs, depth: DEPTH, filter: 'blob:none' }))) return messages;
  for (const { number, landed } of pulls) {
    let commit = await git.revParse(`refs/slipway/pulls/${number}`);
    for (let depth = 0; commit !== undefined && depth < DEPTH; depth++) {
      if (!(await git.findCommits([commit])).has(commit)) break;
      const { message, parents } = await git.readCommit(commit);
      if (hasRecord(message)) {
        messages.set(landed, message);
        break;
      }
      commit = parents[0];
    }
  }
  return messages;
}
