import { parseBoolean, parseBranch, parseEnvironment, parseOptional, parseReason } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseWriterOptions, type WriterOptions } from '#core/release/open-ports.ts';
import type { RollbackRequest } from '#core/release/roll-back.ts';
import { InputError } from '#core/values/errors.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends RollbackRequest, WriterOptions {}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input' | 'environment'>): Inputs {
  return {
    environment: parseEnvironment('environment', runner.input('environment')),
    image: parseOptional(runner.input('image'), (image) => image),
    to: parseWay(runner.input('steps'), runner.input('to')),
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

function parseWay(steps: string, to: string): RollbackRequest['to'] {
  if (steps !== '' && to !== '')
    throw new InputError('to', to, `is given together with steps: ${steps}; give one of them`);
  if (to !== '') return parseName(to);
  if (/^([1-9]|10)$/.test(steps)) return { steps: Number(steps) };
  throw new InputError('steps', steps, 'is not a number from 1 to 10: say how many sets to go back, or give to');
}

function parseName(to: string): { name: string } {
  if (/^(sha256:[0-9a-f]{64}|[0-9a-f]{7,40})$/i.test(to)) return { name: to.toLowerCase() };
  throw new InputError(
    'to',
    to,
    'is neither a commit (7 to 40 hex digits) nor a digest (sha256: and 64 hex digits): give one of a release that ran',
  );
}
