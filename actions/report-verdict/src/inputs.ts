import { parseBranch, parseOptional, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseIdentity } from '#core/release/open-ports.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  /** Login of the App that reports. */
  readonly app: string;
  readonly revision: CommitSha | undefined;
  readonly deadlineMs: number;
  readonly branch: string;
  readonly config: string;
  readonly token: string;
  /** Login whose pull requests are the pipeline's. */
  readonly identity: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    app: parseApp(runner.input('app')),
    revision: parseOptional(runner.input('revision'), (text) => parseCommitSha('revision', text)),
    deadlineMs: parseMinutes(runner.input('deadline')) * 60_000,
    branch: parseBranch('branch', runner.input('branch')),
    config: parsePath('config', runner.input('config')),
    token: parseToken(runner.input('token')),
    identity: parseIdentity(runner.input('identity')),
  };
}

/** GitHub gives this ending to Apps alone: no person can take such a name. */
function parseApp(text: string): string {
  if (/^[A-Za-z0-9-]{1,60}\[bot\]$/.test(text)) return text;
  const remedy =
    text === ''
      ? 'is empty: set the variable SLIPWAY_APP of the repository to the login of the App by which Argo CD reports, such as acme-slipway[bot]'
      : 'is not the login of a GitHub App: expected <app>[bot], such as acme-slipway[bot]';
  throw new InputError('app', text, remedy);
}

function parseToken(text: string): string {
  if (text === '') throw new InputError('token', text, "is empty: pass the job's own, github.token");
  return text;
}

function parseMinutes(text: string): number {
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (minutes >= 1 && minutes <= 1_440) return minutes;
  throw new InputError('deadline', text, 'is not a number of minutes from 1 to 1440, such as 15');
}
