import { parseEnvironment, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { Allowance } from '#core/terraform/guard.ts';
import { parseAllowances, parseBackendConfig, parseTypes } from '#core/terraform/inputs.ts';
import type { StackOptions } from '#core/terraform/open-ports.ts';
import { parseKey } from '#core/terraform/saved-plan/seal.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends StackOptions {
  readonly stack: string;
  readonly config: string;
  readonly head: CommitSha;
  readonly stateful: readonly string[];
  readonly allow: readonly Allowance[];
  readonly rescue: string;
  readonly report: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const key = parseKey('key', runner.input('key'));
  if (key === '') throw new InputError('key', key, 'is empty: give the secret that plan-terraform had');
  return {
    stack: parseEnvironment('stack', runner.input('stack')),
    config: parsePath('config', runner.input('config')),
    head: parseCommitSha('head', runner.input('head')),
    savedPlan: parsePath('saved-plan', runner.input('saved-plan')),
    key,
    backendConfig: parseBackendConfig('backend-config', runner.input('backend-config')),
    stateful: parseTypes('stateful', runner.input('stateful')),
    allow: parseAllowances('allow', runner.input('allow')),
    rescue: parsePath('rescue', runner.input('rescue')),
    report: parsePath('report', runner.input('report')),
  };
}
