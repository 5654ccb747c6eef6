import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { listMutants, mutate } from '#tests/mutants/mutants.ts';

const mutants = listMutants(import.meta.dirname);

test('at least 60 protections are on the list, each once', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(60);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

describe('each mutant still has its place, and its test is there', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', (_name, mutant) => {
    const text = readFileSync(join(repositoryRoot, mutant.file), 'utf8');
    expect(mutate(text, mutant)).not.toBe(text);
    expect(existsSync(join(repositoryRoot, mutant.test))).toBe(true);
  });
});

test('a place that is gone or not the only one is refused', () => {
  const mutant = { name: 'm', file: 'f.ts', find: 'a', replace: 'b', test: 'f.test.ts' };
  expect(mutate('xay', mutant)).toBe('xby');
  expect(() => mutate('xy', mutant)).toThrow('has the text to replace 0 times');
  expect(() => mutate('aa', mutant)).toThrow('has the text to replace 2 times');
});
