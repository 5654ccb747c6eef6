import { parseBoolean, parseBranch, parseEnvironment, parseOptional, parseReason } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseWriterOptions, type WriterOptions } from '#core/release/open-ports.ts';
import type { RollbackRequest } from '#core/release/roll-back.ts';
import type { FailedRequest } from '#core/release/roll-back-failed.ts';
import { parseWay } from '#core/release/way.ts';
import { InputError } from '#core/values/errors.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked: what a person wants, or the failed release that is taken back without one. */
export type Inputs = WriterOptions & (RollbackRequest | FailedRequest);

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input' | 'environment'>): Inputs {
  return {
    environment: parseEnvironment('environment', runner.input('environment')),
    ...(runner.input('of') === '' ? readRequest(runner) : readFailed(runner)),
    ...parseWriterOptions({
      config: runner.input('config'),
      token: runner.input('token'),
      transport: runner.input('transport'),
      identity: runner.input('identity'),
    }),
  };
}

function readRequest(runner: Pick<Runner, 'input' | 'environment'>): Omit<RollbackRequest, 'environment'> {
  return {
    image: parseOptional(runner.input('image'), (image) => image),
    to: parseWay({ steps: runner.input('steps'), to: runner.input('to') }),
    reason: parseReason('reason', runner.input('reason')),
    branch: parseBranch('branch', runner.input('branch')),
    anchor: parseCommitSha('GITHUB_SHA', runner.environment.sha),
    override: parseBoolean('override', runner.input('override')),
  };
}

function readFailed(runner: Pick<Runner, 'input'>): Omit<FailedRequest, 'environment'> {
  const of = parseCommitSha('of', runner.input('of'));
  // what a person decides is decided here already
  const decided = {
    image: runner.input('image'),
    steps: runner.input('steps'),
    to: runner.input('to'),
    reason: runner.input('reason'),
  };
  for (const [name, text] of Object.entries(decided))
    if (text !== '')
      throw new InputError(name, text, 'is given together with of, which goes back by itself: give one of them');
  return { of, branch: parseBranch('branch', runner.input('branch')) };
}
