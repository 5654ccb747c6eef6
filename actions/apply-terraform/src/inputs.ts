import * as z from 'zod';
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
  /** The stacks of this run that it waits for. */
  readonly after: readonly string[];
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
  const stack = parseEnvironment('stack', runner.input('stack'));
  return {
    stack,
    after: parseOptional(runner.input('after'), (text) => parseOrder(text).get(stack)) ?? [],
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

const order = z.record(z.string(), z.array(z.string()));

function parseOrder(text: string): ReadonlyMap<string, readonly string[]> {
  try {
    const stacks = Object.entries(order.parse(JSON.parse(text)));
    return new Map(stacks.map(([stack, before]) => [stack, before.map((name) => parseEnvironment('after', name))]));
  } catch (error) {
    throw new InputError('after', text, 'is not a JSON object of stacks, such as {"secrets": ["aws"]}', {
      cause: error,
    });
  }
}
