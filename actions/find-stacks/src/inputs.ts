import { parseBranch, parseEnvironment, parseId, parseOptional, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  readonly stage: 'plan' | 'apply';
  /** Undefined where there was nothing before. */
  readonly base: CommitSha | undefined;
  readonly head: CommitSha;
  readonly branch: string;
  readonly pullRequest: number | undefined;
  readonly stack: string | undefined;
  readonly config: string;
  readonly token: string;
}

/** What GitHub says of a branch that was not there before. */
const NOTHING = /^0+$/;

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const stage = runner.input('stage');
  if (stage !== 'plan' && stage !== 'apply') throw new InputError('stage', stage, 'is neither plan nor apply');
  const base = runner.input('base');
  if (stage === 'plan' && base === '')
    throw new InputError('base', base, 'is empty: this run is not of a pull request, so name the commit');
  return {
    stage,
    base: base === '' || NOTHING.test(base) ? undefined : parseCommitSha('base', base),
    head: parseCommitSha('head', runner.input('head')),
    branch: parseBranch('branch', runner.input('branch')),
    pullRequest: parseOptional(runner.input('pull-request'), (text) => parseId('pull-request', text)),
    stack: parseOptional(runner.input('stack'), (text) => parseEnvironment('stack', text)),
    config: parsePath('config', runner.input('config')),
    token: runner.input('token'),
  };
}
