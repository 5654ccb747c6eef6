import { describe, expect, test } from '@jest/globals';
import { good, harmless, hostile } from '#tests/workflows/hostile.ts';
import { checkWorkflow, ruleNames } from '#tests/workflows/rules.ts';

const declared = (action: string): readonly string[] | undefined =>
  new Map([
    ['actions/build-image', ['image']],
    ['actions/bump-overlay', ['images']],
  ]).get(action);

/** Each change must find its place, or the row would test the good workflow. */
function change(find: string, replacement: string): string {
  expect(good.split(find).length - 1).toBe(1);
  return good.replace(find, () => replacement);
}

test('the good workflow keeps every rule', () => {
  expect(checkWorkflow(good, declared)).toEqual([]);
});

test('every rule has two rows at least, and every row has a rule', () => {
  const counts = ruleNames.map((rule) => [rule, hostile.filter(([of]) => of === rule).length >= 2]);
  expect(counts).toEqual(ruleNames.map((rule) => [rule, true]));
  expect(hostile.filter(([rule]) => !ruleNames.includes(rule))).toEqual([]);
});

describe('a breach is found by its rule and by no other: without it, nothing would be', () => {
  test.each(hostile)('%s: %s', (rule, _style, find, replacement) => {
    const breaches = checkWorkflow(change(find, replacement), declared);
    expect([...new Set(breaches.map((breach) => breach.rule))]).toEqual([rule]);
  });
});

describe('what looks like a breach and is not', () => {
  test.each(harmless)('%s', (_style, find, replacement) => {
    expect(checkWorkflow(change(find, replacement), declared)).toEqual([]);
  });
});
