import { parseAccount } from '#core/action/comment.ts';
import { parseEnvironment, parseLines, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { InputError } from '#core/values/errors.ts';

/** Where the report of a stack is: in a file of the checkout, or in the artifact that plan-terraform left in this run. */
export type Source = { readonly path: string } | { readonly stack: string };

/** The inputs of this action, checked. */
export interface Inputs {
  readonly sources: readonly Source[];
  readonly token: string;
  /** Id of the account that the token writes as. */
  readonly identity: number;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const sources: Source[] = [
    ...parseLines(runner.input('stacks')).map((name) => ({ stack: parseEnvironment('stacks', name) })),
    ...parseLines(runner.input('reports')).map((path) => ({ path: parsePath('reports', path) })),
  ];
  if (sources.length === 0)
    throw new InputError('stacks', '', 'is empty: name the stacks that plan-terraform planned in this run');
  return { sources, ...parseAccount({ token: runner.input('token'), identity: runner.input('identity') }) };
}
