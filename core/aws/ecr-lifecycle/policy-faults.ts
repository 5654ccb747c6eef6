import type * as z from 'zod';
import { InputError } from '#core/values/errors.ts';
import { followPath } from '#core/values/json.ts';
import { suggestName } from '#core/values/suggest.ts';

/** Keys of each part of a policy, for the nearest name of an unknown one. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  rule: ['rulePriority', 'description', 'selection', 'action'],
  selection: ['tagStatus', 'tagPatternList', 'tagPrefixList', 'storageClass', 'countType', 'countUnit', 'countNumber'],
  action: ['type', 'targetStorageClass'],
  policy: ['rules'],
};

/** Returns the first thing that is wrong with a policy's shape, as one sentence with the place, the value, the remedy. */
export function refuseSchema(file: string, json: unknown, error: z.ZodError): InputError {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const place = `${file} ${formatPath(path)}`.trim();
  const value = followPath(json, path);
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return new InputError(place, key, `is not a key of ECR's lifecycle policies${suggestName(key, knownAt(path))}`);
  }
  if (value === undefined) {
    const parent = path.slice(0, -1);
    return new InputError(`${file} ${formatPath(parent)}`.trim(), String(path.at(-1) ?? ''), 'is missing: add it');
  }
  if (issue?.code === 'invalid_value') {
    return new InputError(place, show(value), `is not known${suggestName(show(value), issue.values.map(String))}`);
  }
  if (issue?.code === 'invalid_type') return new InputError(place, show(value), `is not ${article(issue.expected)}`);
  return new InputError(place, show(value), issue?.message ?? 'is wrong');
}

function knownAt(path: readonly PropertyKey[]): readonly string[] {
  const last = path.at(-1);
  return KNOWN[typeof last === 'number' ? 'rule' : String(last ?? 'policy')] ?? [];
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function article(expected: string): string {
  const words: Record<string, string> = {
    string: 'text: put it in quotes',
    int: 'a whole number',
    number: 'a whole number',
    array: 'a list: put it in square brackets',
    object: 'an object: put it in braces',
  };
  return words[expected] ?? expected;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
