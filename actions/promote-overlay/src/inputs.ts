import { parseBoolean, parseBranch, parseEnvironment, parseOptional, parseReason } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { parseWriterOptions, type WriterOptions } from '#core/release/open-ports.ts';
import type { PromotionRequest } from '#core/release/promote.ts';

/** The inputs of this action, checked. */
export interface Inputs extends PromotionRequest, WriterOptions {}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const override = parseBoolean('override', runner.input('override'));
  const reason = runner.input('reason');
  return {
    environment: parseEnvironment('environment', runner.input('environment')),
    image: parseOptional(runner.input('image'), (image) => image),
    reason: override || reason !== '' ? parseReason('reason', reason) : '', // who overrides says why
    override,
    branch: parseBranch('branch', runner.input('branch')),
    ...parseWriterOptions({
      config: runner.input('config'),
      token: runner.input('token'),
      transport: runner.input('transport'),
      identity: runner.input('identity'),
    }),
  };
}
