import { parseBranch, parseEnvironment, parseOptional, parsePath, parseReason } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { PromotionRequest } from '#core/release/promote.ts';

/** The inputs of this action, checked. */
export interface Inputs extends PromotionRequest {
  readonly config: string;
  readonly token: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    environment: parseEnvironment('environment', runner.input('environment')),
    image: parseOptional(runner.input('image'), (image) => image),
    reason: parseOptional(runner.input('reason'), (reason) => parseReason('reason', reason)) ?? '',
    branch: parseBranch('branch', runner.input('branch')),
    config: parsePath('config', runner.input('config')),
    token: runner.input('token'),
  };
}
