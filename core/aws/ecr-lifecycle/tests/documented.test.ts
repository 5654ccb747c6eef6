import { describe, expect, test } from '@jest/globals';
import { expireImages, type TakenImage } from '#core/aws/ecr-lifecycle/expire.ts';
import { parsePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import { NOW } from '#core/aws/ecr-lifecycle/tests/case-parts.ts';
import { examples } from '#core/aws/ecr-lifecycle/tests/cases-examples.ts';
import { evaluation, properties } from '#core/aws/ecr-lifecycle/tests/cases-rules.ts';

const documentedCases = [...examples, ...evaluation, ...properties];

const byImage = (taken: readonly TakenImage[]): Record<string, number> =>
  Object.fromEntries(taken.map(({ digest, rule }) => [digest, rule]));

test('there are at least 30 cases, each of a page of the guide', () => {
  expect(documentedCases.length).toBeGreaterThanOrEqual(30);
  for (const { page } of documentedCases) expect(page).toMatch(/^[\w-]+\.html(#\w+)?: \S/);
});

describe.each(documentedCases)('$page: $name', (documented) => {
  const policy = parsePolicy('policy', JSON.stringify({ rules: documented.rules }));
  const expiry = expireImages(policy, documented.images, NOW);

  test('expired', () => {
    expect(byImage(expiry.expired)).toEqual(documented.expired);
  });

  test('archived', () => {
    expect(byImage(expiry.archived)).toEqual(documented.archived ?? {});
  });

  test('later, by age', () => {
    const days = expiry.upcoming.map(({ digest, at }) => [digest, (at.getTime() - NOW.getTime()) / 86_400_000]);
    expect(Object.fromEntries(days)).toEqual(documented.upcoming ?? {});
  });
});
