import type { Bearer } from '#lab/github/identity/tokens.ts';

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
  updatedAt: Date;
  closedAt: Date | undefined;
  merged: { readonly at: Date; readonly by: string; readonly sha: string } | undefined;
  /** Merges by itself as soon as nothing blocks it. */
  autoMerge?: AutoMerge | undefined;
}

/** Who asked for it, and how. */
export interface AutoMerge {
  readonly bearer: Bearer;
  readonly method: 'merge' | 'squash' | 'rebase';
  readonly title: string | undefined;
  readonly message: string | undefined;
}

/** Settings of the repository about pull requests. */
export interface PullSettings {
  /** Default false, as on GitHub. */
  allowAutoMerge: boolean;
  /** "Allow GitHub Actions to create and approve pull requests". Default true here, where GitHub's is false. */
  actionsMayOpenPulls: boolean;
  /** Commit statuses that must be a success on the head before a pull request is merged. */
  requiredContexts: readonly string[];
  /** The default message of a squash: `squash_merge_commit_message`. */
  squashMessage: 'COMMIT_MESSAGES' | 'PR_BODY' | 'BLANK';
}

/** An issue. */
export interface IssueRecord {
  readonly number: number;
  readonly login: string;
  readonly createdAt: Date;
  updatedAt: Date;
  title: string;
  body: string | null;
  labels: readonly string[];
  state: 'open' | 'closed';
  reason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null;
  closed: { readonly at: Date; readonly by: string } | undefined;
  locked: boolean;
}

/** A comment on a pull request or an issue. */
export interface CommentRecord {
  readonly id: number;
  /** The number of the pull request or the issue. */
  readonly issue: number;
  readonly login: string;
  readonly createdAt: Date;
  updatedAt: Date;
  body: string;
  /** Every text that it ever had, oldest first: GitHub shows them as the edit history. */
  readonly edits: string[];
}

/** What an event of a pull request is about. */
export type PullAction = 'opened' | 'synchronize' | 'reopened' | 'closed' | 'edited';

/** What an edit changed, as its event says it: what was there before. */
export interface PullChanges {
  readonly title?: { readonly from: string };
  readonly body?: { readonly from: string };
  readonly base?: { readonly ref: { readonly from: string }; readonly sha: { readonly from: string } };
}
