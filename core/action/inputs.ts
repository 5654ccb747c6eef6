import { InputError } from '#core/values/errors.ts';

/** Returns a path inside the repository, such as slipway.yaml; refuses absolute ones and those that leave it. */
export function parsePath(input: string, text: string): string {
  const isInside = text !== '' && !text.startsWith('/') && !text.split('/').includes('..') && !/\p{C}/u.test(text);
  if (isInside) return text;
  throw new InputError(input, text, 'is not a path inside the repository: expected one such as slipway.yaml');
}

/** Returns a branch name by git's own rules (git-check-ref-format), so that it cannot be an option or another ref. */
export function parseBranch(input: string, text: string): string {
  const isBroken =
    text === '' ||
    text.startsWith('-') ||
    /[\s~^:?*[\\\p{C}]|\.\.|@\{|\/\/|^\/|\/$|\.$|^@$/u.test(text) ||
    text.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (isBroken) throw new InputError(input, text, 'is not a branch name: expected a name such as main');
  return text;
}

/** Returns true or false; empty is false. */
export function parseBoolean(input: string, text: string): boolean {
  if (text === 'true' || text === 'false' || text === '') return text === 'true';
  throw new InputError(input, text, 'is neither true nor false');
}

/** Returns the lines of a multi-line input, trimmed, without empty ones. */
export function parseLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Returns the name of an environment in slipway.yaml. */
export function parseEnvironment(input: string, text: string): string {
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)) return text;
  throw new InputError(input, text, 'is not a name of slipway.yaml: expected lower-case letters, digits and dashes');
}

/** Returns a number of GitHub's: of a pull request, or of an account. */
export function parseId(input: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InputError(input, text, 'is not a number of GitHub: expected digits, such as 7');
}

/** Returns the name of a workflow file, such as deploy.yml. */
export function parseWorkflow(input: string, text: string): string {
  if (/^[\w.-]+\.ya?ml$/.test(text)) return text;
  throw new InputError(input, text, 'is not the name of a workflow file: expected one such as deploy.yml');
}

/** Returns the reason that a person gives, on one line; refuses none, and one of more than 500 characters. */
export function parseReason(input: string, text: string): string {
  const reason = text.replace(/[\s\p{C}]+/gu, ' ').trim();
  if (reason === '') throw new InputError(input, text, 'is empty: say why, for the person who asks later');
  if (reason.length > 500) throw new InputError(input, text, `has ${reason.length} characters: use 500 at most`);
  return reason;
}

/** Returns what `parse` makes of an input that may be left empty; undefined where it is. */
export function parseOptional<Value>(text: string, parse: (text: string) => Value): Value | undefined {
  return text === '' ? undefined : parse(text);
}
