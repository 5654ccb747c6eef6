import { describe, expect, test } from '@jest/globals';
import { parsePolicy, parsePolicyFile } from '#core/aws/ecr-lifecycle/policy.ts';

const selection = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 };
const good = { rulePriority: 1, selection, action: { type: 'expire' } };
const days = { countUnit: 'days', countNumber: 90 };
const text = (...rules: unknown[]): string => JSON.stringify({ rules });
const selecting = (change: object): object => ({ ...good, selection: { ...selection, ...change } });
const tagged = (rulePriority: number, lists: object): object => ({
  ...good,
  rulePriority,
  selection: { ...selection, tagStatus: 'tagged', ...lists },
});

test('rules come in the order in which they are applied', () => {
  const policy = parsePolicy('p', text({ ...good, rulePriority: 9 }, tagged(2, { tagPrefixList: ['v'] })));
  expect(policy.rules.map(({ priority }) => priority)).toEqual([2, 9]);
});

test('a file holds a policy or the answer of get-lifecycle-policy', () => {
  const answer = JSON.stringify({ registryId: '1', repositoryName: 'bot', lifecyclePolicyText: text(good) });
  expect(parsePolicyFile('p', answer)).toEqual(parsePolicyFile('p', text(good)));
});

const accepted: [string, string][] = [
  [
    'two rules for any image, one for each storage class',
    text(good, {
      ...good,
      rulePriority: 2,
      selection: { tagStatus: 'any', storageClass: 'archive', countType: 'sinceImageTransitioned', ...days },
    }),
  ],
  ['storage class standard, said aloud', text(selecting({ storageClass: 'standard' }))],
  ['four wildcards', text(tagged(1, { tagPatternList: ['*test*1*2*3', 'test*1*2*3*'] }))],
  [
    'a prefix and the same word as a pattern',
    text(tagged(1, { tagPrefixList: ['v'] }), tagged(2, { tagPatternList: ['v'] })),
  ],
  [
    'untagged images in both storage classes',
    text(
      { ...good, selection: { ...selection, tagStatus: 'untagged' } },
      {
        ...good,
        rulePriority: 2,
        selection: { tagStatus: 'untagged', storageClass: 'archive', countType: 'sinceImageTransitioned', ...days },
      },
    ),
  ],
];
test.each(accepted)('accepts %s', (_name, policy) => {
  expect(parsePolicy('p', policy).rules.length).toBeGreaterThan(0);
});

describe('refuses, as ECR does,', () => {
  const pull = { countType: 'sinceImagePulled', ...days };
  const archived = { countType: 'sinceImageTransitioned', storageClass: 'archive', ...days };
  const cases: [string, string, string][] = [
    ['what is not JSON', '{"rules":', 'p: "{\\"rules\\":" is not JSON: expected {"rules": […]}'],
    ['no rules', '{}', 'p: "rules" is missing: add it'],
    ['rules that are not a list', '{"rules": {}}', 'p rules: "{}" is not a list: put it in square brackets'],
    ['an empty policy', text(), 'p rules: "[]" is empty: a policy has at least one rule'],
    [
      'more than 50 rules',
      text(...Array.from({ length: 51 }, (_, index) => tagged(index + 1, { tagPrefixList: [`v${index}`] }))),
      'has too many rules: ECR takes 50',
    ],
    ['a rule that is not an object', text(7), 'p rules[0]: "7" is not an object: put it in braces'],
    [
      'an unknown key',
      text({ ...good, priority: 1 }),
      'p rules[0]: "priority" is not a key of ECR\'s lifecycle policies',
    ],
    ['a misspelt key', text(selecting({ countUnits: 'days' })), 'did you mean "countUnit"?'],
    ['no priority', text({ selection, action: good.action }), 'p rules[0]: "rulePriority" is missing: add it'],
    ['a priority of 0', text({ ...good, rulePriority: 0 }), 'p rules[0].rulePriority: "0" is too small'],
    ['a priority that is not a whole number', text({ ...good, rulePriority: 1.5 }), 'is not a whole number'],
    [
      'a priority in quotes',
      text({ ...good, rulePriority: '1' }),
      'p rules[0].rulePriority: "1" is not a whole number',
    ],
    [
      'the same priority twice',
      text(tagged(1, { tagPrefixList: ['a'] }), good),
      'p rules[1].rulePriority: "1" is that of rules[0], too',
    ],
    [
      'any before other rules',
      text(good, tagged(2, { tagPrefixList: ['v'] })),
      'p rules[0].rulePriority: "1" is not the highest: a rule for any image comes last, behind rules[1]',
    ],
    ['two rules for any image', text(good, { ...good, rulePriority: 2 }), 'comes last, behind rules[1]'],
    [
      'an unknown tag status',
      text(selecting({ tagStatus: 'tag' })),
      '"tag" is not known; there are tagged, untagged, any',
    ],
    [
      'tagged without a list',
      text(selecting({ tagStatus: 'tagged' })),
      'needs a tagPatternList or a tagPrefixList: add one',
    ],
    [
      'both lists',
      text(tagged(1, { tagPrefixList: ['a'], tagPatternList: ['b'] })),
      'is beside a tagPatternList: a rule has one of the two',
    ],
    ['a list for any', text(selecting({ tagPrefixList: ['a'] })), 'takes no tagPatternList or tagPrefixList'],
    [
      'a list for untagged',
      text(selecting({ tagStatus: 'untagged', tagPatternList: ['a'] })),
      'takes no tagPatternList or tagPrefixList',
    ],
    ['an empty list', text(tagged(1, { tagPrefixList: [] })), 'is empty: name at least one'],
    ['an empty prefix', text(tagged(1, { tagPrefixList: [''] })), 'is empty: write a tag'],
    ['five wildcards', text(tagged(1, { tagPatternList: ['test*1*2*3*4*5*6'] })), 'has more than 4 wildcards'],
    [
      'the same prefixes twice',
      text(tagged(1, { tagPrefixList: ['a', 'b'] }), tagged(2, { tagPrefixList: ['b', 'a'] })),
      'p rules[1].selection.tagPrefixList: "[\\"b\\",\\"a\\"]" is that of rules[0], too: merge the two rules',
    ],
    [
      'two rules for untagged images',
      text(
        { ...good, selection: { ...selection, tagStatus: 'untagged' } },
        { ...good, rulePriority: 2, selection: { ...selection, tagStatus: 'untagged' } },
      ),
      'only one rule may select untagged images',
    ],
    ['an unknown count type', text(selecting({ countType: 'imageCountMore' })), 'did you mean "imageCountMoreThan"?'],
    [
      'a count of 0',
      text(selecting({ countNumber: 0 })),
      'p rules[0].selection.countNumber: "0" is too small: ECR takes whole numbers from 1 on',
    ],
    [
      'a unit for a count',
      text(selecting({ countUnit: 'days' })),
      '"days" does not go with imageCountMoreThan: leave it out',
    ],
    [
      'an age without a unit',
      text(selecting({ countType: 'sinceImagePushed' })),
      'needs a countUnit: add "countUnit": "days"',
    ],
    ['hours', text(selecting({ countType: 'sinceImagePushed', countUnit: 'hours' })), '"hours" is not known'],
    [
      'the archive by a count',
      text(selecting({ storageClass: 'archive' })),
      'only sinceImageTransitioned looks into the archive',
    ],
    [
      'time in the archive without the archive',
      text(selecting({ ...archived, storageClass: undefined })),
      'is not archive, which sinceImageTransitioned needs',
    ],
    [
      'less than 90 days in the archive',
      text(selecting({ ...archived, countNumber: 89 })),
      '"89" is too small: an image stays in the archive for at least 90 days',
    ],
    [
      'transition out of the archive',
      text({ ...selecting(archived), action: { type: 'transition', targetStorageClass: 'archive' } }),
      'does not go with sinceImageTransitioned, which only expires',
    ],
    ['expiry by the last pull', text(selecting(pull)), 'which only moves to the archive: write transition'],
    [
      'a transition to nowhere',
      text({ ...good, action: { type: 'transition' } }),
      'needs a target: add "targetStorageClass": "archive"',
    ],
    [
      'an expiry to somewhere',
      text({ ...good, action: { type: 'expire', targetStorageClass: 'archive' } }),
      'does not go with expire',
    ],
    [
      'a target of null',
      text({ ...good, action: { type: 'expire', targetStorageClass: null } }),
      'p rules[0].action.targetStorageClass: "null" is not known',
    ],
    [
      'an unknown action',
      text({ ...good, action: { type: 'delete' } }),
      '"delete" is not known; there are expire, transition',
    ],
  ];
  test.each(cases)('%s', (_name, policy, message) => {
    expect(() => parsePolicy('p', policy)).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
    );
  });
});
