/** Every copy of this module has this very symbol: an action's bundle and its late part (`ecr.cjs`) have one copy each. */
const EXPECTED = Symbol.for('slipway.expected-error');

/**
 * What a person can put right by changing a value, a right or a service: its message is enough. Anything else that is
 * thrown is a bug of ours and is shown with its stack.
 */
export abstract class ExpectedError extends Error {
  get [EXPECTED](): true {
    return true;
  }
}

/** A wrong value that someone gave us: names the input, the value and the form that is expected. */
export class InputError extends ExpectedError {
  override readonly name = 'InputError';
  readonly input: string;
  readonly value: string;
  readonly expected: string;

  constructor(input: string, value: string, expected: string, options?: ErrorOptions) {
    super(`${input}: ${quote(value)} ${expected}`, options);
    this.input = input;
    this.value = value;
    this.expected = expected;
  }
}

/**
 * The world does not allow what was asked (a protected branch, a missing digest, an unreachable registry).
 * The message is one sentence or two: the thing, the value, the remedy.
 */
export class Refusal extends ExpectedError {
  override readonly name = 'Refusal';
}

/** Returns `value` in double quotes on one line, at most 200 characters, control characters escaped as in JSON. */
export function quote(value: string): string {
  const shown = value.length > 200 ? `${value.slice(0, 200)}…` : value;
  return JSON.stringify(shown);
}

/** Returns the message of anything that was thrown, with the messages of its causes behind it. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}

/** True for an {@link ExpectedError}, also for one that another copy of this module made. */
export function isExpected(error: unknown): error is Error {
  return error instanceof Error && EXPECTED in error;
}
