import { parseBoolean, parseEnvironment, parseId, parseOptional, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseDays } from '#core/action/upload.ts';
import type { Allowance } from '#core/terraform/guard.ts';
import { parseAllowances, parseBackendConfig, parseTypes } from '#core/terraform/inputs.ts';
import type { StackOptions } from '#core/terraform/open-ports.ts';
import { parseKey } from '#core/terraform/saved-plan/seal.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends StackOptions {
  readonly stack: string;
  readonly config: string;
  /** Undefined where slipway.yaml says it. */
  readonly refresh: boolean | undefined;
  readonly lock: boolean;
  readonly head: CommitSha;
  /** Undefined where the change goes to no branch. */
  readonly base: CommitSha | undefined;
  readonly headRepository: string;
  /** Undefined outside of one. */
  readonly pullRequest: number | undefined;
  readonly stateful: readonly string[];
  readonly allow: readonly Allowance[];
  readonly report: string;
  readonly artifacts: boolean;
  readonly retentionDays: number;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    stack: parseEnvironment('stack', runner.input('stack')),
    config: parsePath('config', runner.input('config')),
    refresh: parseOptional(runner.input('refresh'), (text) => parseBoolean('refresh', text)),
    lock: parseBoolean('lock', runner.input('lock')),
    backendConfig: parseBackendConfig('backend-config', runner.input('backend-config')),
    head: parseCommitSha('head', runner.input('head')),
    base: parseOptional(runner.input('base'), (text) => parseCommitSha('base', text)),
    headRepository: runner.input('head-repository'),
    pullRequest: parseOptional(runner.input('pull-request'), (text) => parseId('pull-request', text)),
    stateful: parseTypes('stateful', runner.input('stateful')),
    allow: parseAllowances('allow', runner.input('allow')),
    key: parseKey('key', runner.input('key')),
    savedPlan: parseOptional(runner.input('saved-plan'), (text) => parsePath('saved-plan', text)) ?? '',
    report: parsePath('report', runner.input('report')),
    artifacts: parseBoolean('artifacts', runner.input('artifacts')),
    retentionDays: parseDays('retention-days', runner.input('retention-days'), 7),
  };
}
