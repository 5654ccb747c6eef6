import { parseBranch, parseEnvironment, parseOptional, parseReason } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { HoldRequest } from '#core/release/hold-image.ts';
import { parseWriterOptions, type WriterOptions } from '#core/release/open-ports.ts';
import { parseUntil } from '#core/release/until.ts';
import { InputError } from '#core/values/errors.ts';

/** The inputs of this action, checked. */
export interface Inputs extends HoldRequest, WriterOptions {
  readonly action: 'set' | 'release';
  readonly until: Date | undefined;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>, now: Date): Inputs {
  const action = parseAction(runner.input('action'));
  const until = runner.input('until');
  if (action === 'release' && until !== '')
    throw new InputError('until', until, 'is for the action set: leave it empty to release');
  return {
    environment: parseEnvironment('environment', runner.input('environment')),
    image: parseOptional(runner.input('image'), (image) => image) ?? '*',
    action,
    reason: parseReason('reason', runner.input('reason')),
    until: parseOptional(until, (text) => parseUntil('until', text, now)),
    branch: parseBranch('branch', runner.input('branch')),
    ...parseWriterOptions({
      config: runner.input('config'),
      token: runner.input('token'),
      transport: runner.input('transport'),
      identity: runner.input('identity'),
    }),
  };
}

function parseAction(text: string): Inputs['action'] {
  if (text === 'set' || text === 'release') return text;
  throw new InputError('action', text, 'is neither set nor release: set holds, release lets go');
}
