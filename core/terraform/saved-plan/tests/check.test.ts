import { describe, expect, test } from '@jest/globals';
import { type Binding, packPlan, unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import { checkBinding, checkState, type Present, type RefusalKind } from '#core/terraform/saved-plan/check.ts';

const [HEAD, OTHER] = ['a'.repeat(40), 'b'.repeat(40)];
const bound: Binding = {
  version: 1,
  stack: 'aws',
  head: HEAD,
  mergeBase: OTHER,
  trees: { 'terraform/aws': HEAD, 'terraform/modules/tables': OTHER },
  state: { lineage: 'l', serial: 7 },
  lockFile: 'c'.repeat(64),
  tool: { binary: 'terraform', version: '1.11.4' },
  stacks: { aws: 'terraform/aws' },
  plannedAt: '2026-11-26T12:00:00.000Z',
  isFromFork: false,
  isRefreshed: true,
  fingerprint: 'f'.repeat(64),
};
const present: Present = {
  stack: 'aws',
  head: HEAD,
  stacks: bound.stacks,
  trees: bound.trees,
  lockFile: bound.lockFile,
  tool: bound.tool,
  now: new Date('2026-11-27T11:59:00Z'),
};

describe('a saved plan is refused', () => {
  const cases: [string, RefusalKind, RegExp, Partial<Binding>, Partial<Present>][] = [
    ['of another stack', 'other-stack', /of the stack aws, not of secrets/, {}, { stack: 'secrets' }],
    ["of a fork's", 'from-fork', /fork's pull request/, { isFromFork: true }, {}],
    ['of another head', 'head-moved', /of aaaaaaa, and bbbbbbb was merged/, {}, { head: OTHER as Present['head'] }],
    ['with other stacks', 'stacks-changed', /\(secrets\)/, {}, { stacks: { aws: 'terraform/aws', secrets: 's' } }],
    ['with a stack elsewhere', 'stacks-changed', /\(aws\)/, {}, { stacks: { aws: 'infra/aws' } }],
    [
      'of another tree of the stack',
      'tree-differs',
      /^terraform\/aws is not/,
      {},
      { trees: { ...bound.trees, 'terraform/aws': OTHER } },
    ],
    [
      'of another tree of a module',
      'tree-differs',
      /^terraform\/modules\/tables is/,
      {},
      { trees: { 'terraform/aws': HEAD, 'terraform/modules/tables': HEAD } },
    ],
    ['of a module that is gone', 'tree-differs', /tables is not/, {}, { trees: { 'terraform/aws': HEAD } }],
    ['of more than a day ago', 'too-old', /is 24 hours old/, {}, { now: new Date('2026-11-27T12:00:00.001Z') }],
    ['of tomorrow', 'too-old', /yet to come/, {}, { now: new Date('2026-11-26T11:49:00Z') }],
    ['with another lock file', 'lock-file-differs', /not the one that was planned with/, {}, { lockFile: '' }],
    [
      'by another version',
      'tool-differs',
      /by terraform 1\.11\.4, and terraform 1\.12\.0 is here/,
      {},
      { tool: { binary: 'terraform', version: '1.12.0' } },
    ],
    [
      'by the other program',
      'tool-differs',
      /and tofu 1\.11\.4 is here/,
      {},
      { tool: { binary: 'tofu', version: '1.11.4' } },
    ],
  ];
  test.each(cases)('%s', (_name, kind, sentence, was, is) => {
    const refusal = checkBinding({ ...bound, ...was }, { ...present, ...is });
    expect(refusal?.kind).toBe(kind);
    expect(refusal?.sentence).toMatch(sentence);
  });

  test('and accepted where all is as it was', () => {
    expect(checkBinding(bound, present)).toBeUndefined();
    expect(checkState(bound, { lineage: 'l', serial: 7 })).toBeUndefined();
  });

  test.each([
    [{ lineage: 'l', serial: 8 }, /serial 7 was planned from, 8 is there/],
    [{ lineage: 'm', serial: 7 }, /another state altogether/],
  ])('of the state %j', (state, sentence) => {
    const refusal = checkState(bound, state);
    expect(refusal?.kind).toBe('state-moved');
    expect(refusal?.sentence).toMatch(sentence);
  });
});

describe('a packed plan', () => {
  const saved = { binding: bound, json: '{"é":1}', plan: Buffer.from([0x50, 0x4b, 0x0a, 0x00]) };

  test('comes back as it was', () => {
    expect(unpackPlan(packPlan(saved))).toEqual(saved);
  });

  test.each([
    ['of another version', packPlan({ ...saved, binding: { ...bound, version: 2 as 1 } })],
    ['without a binding', Buffer.from('{}\n')],
    ['of nothing', Buffer.alloc(0)],
  ])('%s is none', (_name, bytes) => {
    expect(unpackPlan(bytes)).toBeUndefined();
  });
});
