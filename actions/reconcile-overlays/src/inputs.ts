import { parseBranch, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';

/** The inputs of this action, checked. */
export interface Inputs {
  readonly branch: string;
  readonly config: string;
  readonly token: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    branch: parseBranch('branch', runner.input('branch')),
    config: parsePath('config', runner.input('config')),
    token: runner.input('token'),
  };
}
