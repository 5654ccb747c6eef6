import type { BranchPulls } from '#core/git/github-pulls.ts';

/** An environment's pull request as a run left it. */
export interface Proposal {
  readonly environment: string;
  readonly number: number;
  readonly url: string;
  readonly state: 'open' | 'closed';
  /** True where this run opened it, or wrote its branch. */
  readonly isWritten: boolean;
  /** Login of who opened it. */
  readonly author: string;
  /** What a person should know of it, a sentence each without its full stop. */
  readonly notes: readonly string[];
}

/** How pull requests are written, and as whom. */
export interface Proposing {
  readonly pulls: BranchPulls;
  /** Login whose pull requests are ours. */
  readonly identity: string;
}
