/** A branch of this repository or of a fork of it. */
export interface PullBranch {
  /** owner/name. */
  readonly repository: string;
  /** The branch's name. */
  readonly ref: string;
  readonly sha: string;
}

/** A pull request. */
export interface PullRecord {
  readonly number: number;
  readonly login: string;
  readonly createdAt: Date;
  title: string;
  body: string | null;
  head: PullBranch;
  /** `sha`: the branch when the pull request was opened or last pushed to. */
  base: PullBranch;
  state: 'open' | 'closed';
  /** Only people with write access may comment. */
  locked: boolean;
  /** The method by which it is to be merged as soon as it may. */
  autoMerge: 'MERGE' | 'REBASE' | 'SQUASH' | undefined;
  updatedAt: Date;
  closedAt: Date | undefined;
  merged: { readonly at: Date; readonly by: string; readonly sha: string } | undefined;
}

/** A comment on a pull request. */
export interface CommentRecord {
  readonly id: number;
  /** The pull request's number. */
  readonly issue: number;
  readonly login: string;
  readonly createdAt: Date;
  updatedAt: Date;
  body: string;
  /** Every text that it ever had, oldest first: GitHub shows them as the edit history. */
  readonly edits: string[];
}

/** What an event of a pull request is about. */
export type PullAction = 'opened' | 'synchronize' | 'reopened' | 'closed';
