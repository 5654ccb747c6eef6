import {
  parseBoolean,
  parseEnvironment,
  parseId,
  parseOptional,
  parsePath,
  parseWorkflow,
} from '#core/action/inputs.ts';
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
  /** Name of the workflow file whose runs planned it. */
  readonly workflow: string;
  /** Undefined where it is not known. */
  readonly pullRequest: number | undefined;
  readonly stateful: readonly string[];
  readonly allow: readonly Allowance[];
  readonly rescue: string;
  readonly report: string;
  readonly artifacts: boolean;
  /** Empty where GitHub is not asked. */
  readonly token: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const key = parseKey('key', runner.input('key'));
  if (key === '') throw new InputError('key', key, 'is empty: give the secret that plan-terraform had');
  return {
    stack: parseEnvironment('stack', runner.input('stack')),
    config: parsePath('config', runner.input('config')),
    head: parseCommitSha('head', runner.input('head')),
    savedPlan: parseOptional(runner.input('saved-plan'), (text) => parsePath('saved-plan', text)) ?? '',
    workflow: parseWorkflow('workflow', runner.input('workflow')),
    pullRequest: parseOptional(runner.input('pull-request'), (text) => parseId('pull-request', text)),
    key,
    backendConfig: parseBackendConfig('backend-config', runner.input('backend-config')),
    stateful: parseTypes('stateful', runner.input('stateful')),
    allow: parseAllowances('allow', runner.input('allow')),
    rescue: parsePath('rescue', runner.input('rescue')),
    report: parsePath('report', runner.input('report')),
    artifacts: parseBoolean('artifacts', runner.input('artifacts')),
    token: runner.input('token'),
  };
}
