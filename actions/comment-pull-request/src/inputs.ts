import { type CommentOptions, parseCommentOptions, parseId } from '#core/action/comment.ts';
import { parseLines, parseOptional } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { type Planned, parsePlans } from '#core/github/marker.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends CommentOptions {
  readonly body: string;
  /** Undefined where the body is all there is. */
  readonly summary: string | undefined;
  readonly pullRequest: number;
  readonly head: CommitSha;
  readonly plans: readonly Planned[];
  readonly verdict: 'success' | 'failure' | undefined;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    body: parseFile('body', runner.input('body')),
    summary: parseOptional(runner.input('summary'), (text) => parseFile('summary', text)),
    pullRequest: parsePullRequest(runner.input('pull-request')),
    head: parseCommitSha('head', runner.input('head')),
    plans: parsePlans('plans', parseLines(runner.input('plans'))),
    verdict: parseOptional(runner.input('verdict'), parseVerdict),
    ...parseCommentOptions({
      marker: runner.input('marker'),
      token: runner.input('token'),
      identity: runner.input('identity'),
    }),
  };
}

function parseFile(input: string, text: string): string {
  if (text !== '' && !/\p{C}/u.test(text)) return text;
  throw new InputError(input, text, 'is not the path of a Markdown file');
}

function parsePullRequest(text: string): number {
  if (text !== '') return parseId('pull-request', text);
  throw new InputError('pull-request', text, 'is empty: this run is not of a pull request, so name its number');
}

function parseVerdict(text: string): 'success' | 'failure' {
  if (text === 'success' || text === 'failure') return text;
  throw new InputError('verdict', text, 'is neither success nor failure');
}
