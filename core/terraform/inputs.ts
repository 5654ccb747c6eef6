import { parseLines } from '#core/action/inputs.ts';
import { InputError } from '#core/values/errors.ts';
import type { Allowance } from './guard.ts';

/** Returns settings of a backend, one `key=value` a line. The values may be secrets: no message has them. */
export function parseBackendConfig(input: string, text: string): string[] {
  const lines = parseLines(text);
  for (const line of lines) {
    if (/^[A-Za-z_][\w.-]*=/.test(line)) continue;
    throw new InputError(input, line.split('=')[0] ?? '', 'is not a setting: write one key=value a line');
  }
  return lines;
}

/** Returns types of resources, one a line. */
export function parseTypes(input: string, text: string): string[] {
  const types = parseLines(text);
  const wrong = types.find((type) => !/^[a-z][a-z0-9_]*$/.test(type));
  if (wrong === undefined) return types;
  throw new InputError(input, wrong, 'is not a type of resource: write one such as aws_dynamodb_table a line');
}

/**
 * Returns what is allowed, `ADDRESS FINGERPRINT` each, one a line or one after another: a form on GitHub's page has one
 * line. An address may have spaces in its keys.
 */
export function parseAllowances(input: string, text: string): Allowance[] {
  return parseLines(text).flatMap((line) => {
    const found = [...line.matchAll(/\s*(\S.*?)\s+([0-9a-f]{64})(?=\s|$)/g)];
    if (found.length > 0 && found.map(([whole]) => whole).join('') === line)
      return found.map(([, address = '', fingerprint = '']) => ({ address, fingerprint }));
    throw new InputError(
      input,
      line,
      'is not ADDRESS FINGERPRINT: copy both from the plan, the fingerprint has 64 digits',
    );
  });
}
