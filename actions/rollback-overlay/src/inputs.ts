import { parseBoolean, parseBranch, parseEnvironment, parseOptional, parseReason } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseWriterOptions, type WriterOptions } from '#core/release/open-ports.ts';
import type { RollbackRequest } from '#core/release/roll-back.ts';
import { parseWay } from '#core/release/way.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends RollbackRequest, WriterOptions {}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input' | 'environment'>): Inputs {
  return {
    environment: parseEnvironment('environment', runner.input('environment')),
    image: parseOptional(runner.input('image'), (image) => image),
    to: parseWay({ steps: runner.input('steps'), to: runner.input('to') }),
    reason: parseReason('reason', runner.input('reason')),
    branch: parseBranch('branch', runner.input('branch')),
    anchor: parseCommitSha('GITHUB_SHA', runner.environment.sha),
    ...parseWriterOptions({
      config: runner.input('config'),
      token: runner.input('token'),
      transport: runner.input('transport'),
      identity: runner.input('identity'),
    }),
    override: parseBoolean('override', runner.input('override')),
  };
}
