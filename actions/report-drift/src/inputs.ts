import { parseAccount } from '#core/action/comment.ts';
import { parseLines, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { InputError } from '#core/values/errors.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  readonly reports: readonly string[];
  readonly token: string;
  /** Id of the account that the token writes as. */
  readonly identity: number;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const reports = parseLines(runner.input('reports')).map((path) => parsePath('reports', path));
  if (reports.length === 0)
    throw new InputError('reports', '', 'is empty: name the files that the input report of plan-terraform names');
  return { reports, ...parseAccount({ token: runner.input('token'), identity: runner.input('identity') }) };
}
