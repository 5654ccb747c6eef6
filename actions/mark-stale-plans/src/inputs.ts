import { type CommentOptions, parseCommentOptions } from '#core/action/comment.ts';
import { parseBranch } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';

/** The inputs of this action, checked. */
export interface Inputs extends CommentOptions {
  readonly branch: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    branch: parseBranch('branch', runner.input('branch')),
    ...parseCommentOptions({
      marker: runner.input('marker'),
      token: runner.input('token'),
      identity: runner.input('identity'),
    }),
  };
}
