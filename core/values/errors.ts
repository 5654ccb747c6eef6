/**
 * A wrong value that somebody gave us: names the input, the value and the form that is expected.
 * Everything that is thrown and is neither this, a {@link Refusal} nor a CommandError is our own bug.
 */
export class InputError extends Error {
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
export class Refusal extends Error {
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

/** True for errors that a person can mend: their message is enough, and a stack would only frighten. */
export function isExpected(error: unknown): error is Error {
  return error instanceof Error && ['InputError', 'Refusal', 'CommandError'].includes(error.name);
}
