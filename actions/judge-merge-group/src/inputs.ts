import { type CommentOptions, parseCommentOptions } from '#core/action/comment.ts';
import { parseBranch } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { MergeGroup } from '#core/github/merge-group.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends CommentOptions {
  readonly group: MergeGroup;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    group: {
      head: parseCommitSha('head', runner.input('head')),
      ref: parseBranch('ref', runner.input('ref')),
      base: parseCommitSha('base', runner.input('base')),
      branch: parseBranch('branch', runner.input('branch').replace(/^refs\/heads\//, '')),
    },
    ...parseCommentOptions({
      marker: runner.input('marker'),
      token: runner.input('token'),
      identity: runner.input('identity'),
    }),
  };
}
