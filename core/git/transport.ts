import type { NewCommit } from '#core/git/commit.ts';
import type { PushResult, RefUpdate } from '#core/git/push.ts';
import type { Git } from '#core/git/repository.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** How commits get to the server and refs move there. */
export interface Transport {
  readonly name: 'git' | 'api';
  /** Writes one commit and returns it; no ref moves. */
  commit(what: NewCommit): Promise<CommitSha>;
  /** Moves and deletes refs, all or none, each from its lease. Nothing is forced but what `isRewrite` names. */
  update(updates: readonly RefUpdate[]): Promise<PushResult>;
}

/** Returns the transport of plain git: commits are written here, by `identity` where it is given, and travel with the push. */
export function createGitTransport({ commit, push }: Pick<Git, 'commit' | 'push'>, identity?: string): Transport {
  const by = identity === undefined ? {} : { identity };
  return { name: 'git', commit: (what) => commit({ ...what, ...by }), update: push };
}
