import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SECTIONS, WORDS } from '#core/comment/words.ts';
import { countPlan } from '#core/terraform/comment/words.ts';
import type { Plan } from '#core/terraform/plan/classify.ts';
import { findLive } from '#tests/support/gfm.ts';
import { plans } from './arbitrary.ts';
import { classify, render } from './plan-builder.ts';

const RUNS = 1_000;

/** Returns the number of entries of each kind that a comment tells of, listed or not, by its headings and its last lines. */
function readCounts(comment: string): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (title: string, count: string | undefined): void => {
    counts[title] = (counts[title] ?? 0) + Number(count?.replaceAll(',', ''));
  };
  for (const [, title = '', count] of comment.matchAll(/^#### (.+): ([\d,]+)$/gm)) add(title, count);
  const hidden = /^Not listed: (.*): not listed\.$/m.exec(comment)?.[1] ?? '';
  for (const [, count, word] of hidden.matchAll(/([\d,]+) ([a-z ]+?)(?=, | and |$)/gi)) {
    const kind = SECTIONS.find((one) => WORDS[one].one === word || WORDS[one].many === word);
    if (kind !== undefined) add(WORDS[kind].title, count);
  }
  return counts;
}

function expectedCounts(plan: Plan): Record<string, number> {
  const counts = countPlan(plan, 0);
  return Object.fromEntries(
    SECTIONS.flatMap((kind) => (counts[kind] === 0 ? [] : [[WORDS[kind].title, counts[kind]]])),
  );
}

test('any plan: inert, whole, in order, within its bytes, and all of it counted', () => {
  const limits = fc.constantFrom(2_000, 4_000, 10_000, 60_000);
  fc.assert(
    fc.property(plans, limits, (plan, limit) => {
      const comment = render({ plans: { aws: plan }, limit });
      expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(limit);
      expect(comment.isWellFormed()).toBe(true);
      expect(findLive(comment)).toEqual([]);
      expect(comment.split('\n').filter((line) => /^\s*::|##\[/.test(line))).toEqual([]);
      const titles = [...comment.matchAll(/^#### (.+): [\d,]+$/gm)].map(([, title]) => title);
      expect(titles).toEqual(SECTIONS.map((kind) => WORDS[kind].title).filter((title) => titles.includes(title)));
      expect(readCounts(comment)).toEqual(expectedCounts(classify(plan)));
    }),
    { numRuns: RUNS },
  );
});

test('any two plans: what differs from the approved one is inert and within its bytes', () => {
  fc.assert(
    fc.property(plans, plans, (approved, plan) => {
      const comment = render({ plans: { aws: plan }, approved, limit: 10_000 });
      expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(10_000);
      expect(findLive(comment)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
