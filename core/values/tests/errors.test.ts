import { describe, expect, test } from '@jest/globals';
import { CommandError } from '#core/system/exec.ts';
import { describeError, InputError, isExpected, quote, Refusal } from '#core/values/errors.ts';

const failed = new CommandError({ argv: ['git', 'push'], code: 1, reason: 'exited with code 1', stderr: 'no' });

describe('an expected error', () => {
  test.each([
    ['a wrong input', new InputError('image', 'x', 'is not an image')],
    ['a refusal', new Refusal('the branch is protected')],
    ['a program that failed', failed],
  ])('%s is one', (_what, error) => {
    expect(isExpected(error)).toBe(true);
  });

  test('also when another copy of the module made it, as in a bundle of two files', async () => {
    const path = '#core/values/errors.ts?copy'; // not a literal: the compiler knows no queries
    const copy: typeof import('#core/values/errors.ts') = await import(path);
    const foreign = new copy.Refusal('the registry is down');
    expect(foreign).not.toBeInstanceOf(Refusal);
    expect(isExpected(foreign)).toBe(true);
    expect(copy.isExpected(new Refusal('the registry is down'))).toBe(true);
  });

  test.each([
    ['a bug', new TypeError('x is undefined')],
    ['an error that only has the name', Object.assign(new Error('x'), { name: 'Refusal' })],
    ['an error that wraps one', new Error('x', { cause: new Refusal('y') })],
    ['a thrown text', 'Refusal'],
    ['nothing', undefined],
  ])('%s is not', (_what, error) => {
    expect(isExpected(error)).toBe(false);
  });

  test('shows no brand where an error is printed', () => {
    expect(Object.getOwnPropertySymbols(new Refusal('x'))).toEqual([]);
  });
});

test('an input error names the input, the value and what is expected', () => {
  const error = new InputError('branch', 'a\nb', 'is not a branch');
  expect(error.message).toBe('branch: "a\\nb" is not a branch');
  expect(error).toMatchObject({ name: 'InputError', input: 'branch', value: 'a\nb', expected: 'is not a branch' });
});

describe('quote', () => {
  test.each([
    ['plain', '"plain"'],
    ['a "quoted" \u001b[31m line\n', '"a \\"quoted\\" \\u001b[31m line\\n"'],
    ['x'.repeat(200), `"${'x'.repeat(200)}"`],
    ['x'.repeat(201), `"${'x'.repeat(200)}…"`],
  ])('%j', (value, quoted) => {
    expect(quote(value)).toBe(quoted);
  });
});

test('a description holds the messages of all causes', () => {
  const cause = new Error('connection reset', { cause: 'socket' });
  expect(describeError(new Refusal('the registry is down', { cause }))).toBe(
    'the registry is down: connection reset: socket',
  );
});
