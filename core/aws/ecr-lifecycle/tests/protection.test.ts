import { describe, expect, test } from '@jest/globals';
import { describeEndangered, findEndangered } from '#core/aws/ecr-lifecycle/endanger.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { applyKeepPlan, isOwnKeepTag, planKeepTags } from '#core/aws/ecr-lifecycle/keep-tags.ts';
import { type LifecyclePolicy, parsePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import {
  ARCHIVE,
  any,
  count,
  daysAgo,
  image,
  NOW,
  patterns,
  prefixes,
  pulled,
  pushed,
  rule,
  transitioned,
  untagged,
} from '#core/aws/ecr-lifecycle/tests/case-parts.ts';

const policyOf = (...rules: object[]): LifecyclePolicy => parsePolicy('policy', JSON.stringify({ rules }));
const keepFirst = (most: number): object => rule(1, { ...patterns('keep-*'), ...count(most) });
const digest = (hex: string): string => `sha256:${hex.padEnd(64, '0')}`;
const none = new Set<string>();

describe('keep tags', () => {
  const [one, two] = [digest('1'), digest('2')];

  test('are the digest’s first 12 digits', () => {
    const plan = planKeepTags([image(one, ['in-1'], 1)], new Set([one]), none);
    expect(plan).toEqual({ add: [{ digest: one, tag: 'keep-100000000000' }], remove: [], left: [] });
  });

  test('are longer where another image has the same digits, or the tag', () => {
    const [a, b] = [digest(`${'a'.repeat(12)}1`), digest(`${'a'.repeat(12)}2`)];
    const images = [image(a, ['in-1'], 1), image(b, ['in-2'], 1), image(one, [`keep-${'2'}00000000000`], 1)];
    const plan = planKeepTags([...images, image(two, ['in-3'], 1)], new Set([a, b, two]), none);
    expect(plan.add).toEqual([
      { digest: two, tag: 'keep-2000000000000' },
      { digest: a, tag: `keep-${'a'.repeat(12)}` },
      { digest: b, tag: `keep-${'a'.repeat(12)}2` },
    ]);
  });

  test('that are there are not set again', () => {
    const kept = image(one, ['in-1', 'keep-1000000000000'], 1);
    expect(planKeepTags([kept], new Set([one]), none)).toEqual({ add: [], remove: [], left: [] });
  });

  test('go when no one needs them, but not the last tag of an image, nor a person’s own', () => {
    const images = [
      image(one, ['in-1', 'keep-100000000000', 'keep-forever'], 1),
      image(two, ['keep-200000000000', 'keep-2000000000000'], 1),
    ];
    const plan = planKeepTags(images, none, none);
    expect(plan.remove).toEqual([
      { digest: one, tag: 'keep-100000000000' },
      { digest: two, tag: 'keep-2000000000000' },
    ]);
    expect(plan.left).toEqual([{ digest: two, tag: 'keep-200000000000' }]);
  });

  test('of a child of a wanted list stay, and it gets none', () => {
    const images = [image(one, ['in-1', 'keep-100000000000'], 1), image(two, [], 1)];
    expect(planKeepTags(images, none, new Set([one, two]))).toEqual({ add: [], remove: [], left: [] });
  });

  test('cannot be put on what is archived', () => {
    const archived = image(one, ['in-1'], 1, { status: 'archived', archivedAt: daysAgo(1) });
    expect(planKeepTags([archived], new Set([one]), none).add).toEqual([]);
  });

  test('are ours only with 12 digits of the image’s own digest', () => {
    expect(isOwnKeepTag(one, 'keep-100000000000')).toBe(true);
    expect(isOwnKeepTag(one, 'keep-1000')).toBe(false);
    expect(isOwnKeepTag(one, 'keep-200000000000')).toBe(false);
    expect(isOwnKeepTag(one, 'kept-100000000000')).toBe(false);
  });

  test('carried out, the plan of what comes out is empty', () => {
    const images = [image(one, ['in-1'], 1), image(two, ['in-2', 'keep-200000000000'], 1)];
    const after = applyKeepPlan(images, planKeepTags(images, new Set([one]), none));
    expect(after.map(({ tags }) => tags)).toEqual([['in-1', 'keep-100000000000'], ['in-2']]);
    expect(planKeepTags(after, new Set([one]), none)).toEqual({ add: [], remove: [], left: [] });
  });
});

describe('a protected image is endangered', () => {
  const old = image('P', ['in-1'], 100);
  const kept = image('P', ['in-1', 'keep-1'], 100);
  const list = image('L', ['in-1'], 9, { children: ['P'] });
  const cases: [string, LifecyclePolicy, LifecycleImage[], string | undefined][] = [
    [
      'by a count, now',
      policyOf(rule(1, { ...any, ...count(1) })),
      [old, image('B', ['in-2'], 1)],
      'rule 1 of the lifecycle policy expires P now',
    ],
    [
      'by a count, after so many pushes',
      policyOf(rule(1, { ...any, ...count(3) })),
      [old, image('B', ['in-2'], 1)],
      'expires P after 2 more pushes',
    ],
    ['by one more push', policyOf(rule(1, { ...any, ...count(1) })), [old], 'expires P after 1 more push'],
    [
      'by its age, now',
      policyOf(rule(7, { ...any, ...pushed(99) })),
      [old],
      'rule 7 of the lifecycle policy expires P now',
    ],
    [
      'by its age, later',
      policyOf(rule(1, { ...any, ...pushed(101) })),
      [old],
      'expires P after 2026-03-02T12:00:00.000Z',
    ],
    [
      'by the archive: it cannot be pulled from there',
      policyOf(rule(1, { ...any, ...pulled(90) }, ARCHIVE)),
      [old],
      'archives P now',
    ],
    [
      'by a keep rule of age',
      policyOf(rule(1, { ...patterns('keep-*'), ...pushed(365) })),
      [kept],
      'expires P after 2026-11-21T12:00:00.000Z',
    ],
    [
      'by a keep rule without room',
      policyOf(keepFirst(1)),
      [kept, image('B', ['keep-2'], 1)],
      'rule 1 of the lifecycle policy expires P now',
    ],
    [
      'by a keep rule that comes second',
      policyOf(rule(1, { ...patterns('in-*'), ...count(10) }), rule(2, { ...patterns('keep-*'), ...count(99) })),
      [kept],
      'rule 1 of the lifecycle policy expires P after 10 more pushes',
    ],
    [
      'by a rule whose pattern others can have, too',
      policyOf(rule(1, { ...patterns('keep*'), ...count(99) })),
      [kept],
      'after 99 more pushes',
    ],
    [
      'as a child of a list that is not protected',
      policyOf(rule(1, { ...untagged, ...pushed(1) })),
      [image('P', [], 9), list],
      'expires P now',
    ],
    [
      'at the same instant as another: ECR does not say whom it takes',
      policyOf(rule(1, { ...any, ...count(1) })),
      [image('B', [], 100), old],
      'expires P now',
    ],
    [
      'not by a first keep rule with room',
      policyOf(keepFirst(2), rule(2, { ...any, ...pushed(1) })),
      [kept, image('B', ['keep-2'], 1)],
      undefined,
    ],
    [
      'not by a first keep rule of prefixes',
      policyOf(rule(1, { ...prefixes('keep-'), ...count(9) }), rule(2, { ...any, ...count(1) })),
      [kept],
      undefined,
    ],
    [
      'not by rules for others',
      policyOf(rule(1, { ...patterns('v*'), ...pushed(1) }), rule(2, { ...untagged, ...pushed(1) })),
      [old],
      undefined,
    ],
    ['not by rules for the archive', policyOf(rule(1, { ...any, ...transitioned(90) })), [old], undefined],
  ];
  test.each(cases)('%s', (_name, policy, images, sentence) => {
    const sentences = findEndangered(policy, images, new Set(['P']), NOW).map(describeEndangered);
    expect(sentences).toEqual(sentence === undefined ? [] : [expect.stringContaining(sentence)]);
  });

  test('not as a child of a list that is protected and safe', () => {
    const policy = policyOf(keepFirst(9), rule(2, { ...untagged, ...pushed(1) }));
    const images = [image('P', [], 9), image('L', ['keep-1'], 9, { children: ['P'] })];
    expect(findEndangered(policy, images, new Set(['P', 'L']), NOW)).toEqual([]);
  });

  test('as a child of a list that is protected and endangered: both are named', () => {
    const policy = policyOf(rule(1, { ...any, ...pushed(1) }));
    const images = [image('P', [], 9), image('L', ['x'], 9, { children: ['P'] })];
    expect(findEndangered(policy, images, new Set(['P', 'L']), NOW).map((threat) => threat.digest)).toEqual(['L', 'P']);
  });

  test('and one that is not there is the audit’s', () => {
    expect(findEndangered(policyOf(rule(1, { ...any, ...pushed(1) })), [], new Set(['P']), NOW)).toEqual([]);
  });
});
