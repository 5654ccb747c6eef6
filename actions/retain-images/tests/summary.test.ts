import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';
import { expectGolden } from '#tests/support/golden.ts';
import type { RetainedRepository } from '../src/retain.ts';
import type { Retention } from '../src/run.ts';
import { renderSummary } from '../src/summary.ts';
import { build, keepTag } from './world.ts';

const commit = (digit: string): CommitSha => parseCommitSha('commit', digit.repeat(40));
const rule = {
  priority: 2,
  description: undefined,
  selection: {
    tagStatus: 'any',
    tagPatternList: undefined,
    tagPrefixList: undefined,
    storageClass: 'standard',
    countType: 'imageCountMoreThan',
    countNumber: 3,
  },
  action: 'expire',
} as const;

const bot: RetainedRepository = {
  image: 'discord-bot',
  protectedImages: [
    {
      digest: build(1),
      state: 'kept',
      needs: [
        { kind: 'overlay', environment: 'production' },
        { kind: 'release', environment: 'production', commit: commit('a') },
        { kind: 'hold', environment: 'staging' },
      ],
    },
    { digest: build(2), state: 'kept', needs: [{ kind: 'child', list: build(1) }] },
  ],
  changes: [],
  endangered: [],
  expiry: { expired: [], archived: [], upcoming: [] },
  hasPolicy: true,
};
const retention = (
  outcome: Retention['outcome'],
  repositories: readonly RetainedRepository[],
  isDryRun = false,
): Retention => ({
  outcome,
  isDryRun,
  head: commit('f'),
  repositories,
});
const changes = [
  { digest: build(3), tag: keepTag(3), change: 'removed' },
  { digest: build(4), tag: keepTag(4), change: 'left' },
  { digest: build(1), tag: keepTag(1), change: 'added' },
] as const;
const expiry = {
  expired: [{ digest: build(5), rule: 2, tags: ['in-5', 'git-5'] }],
  archived: [{ digest: build(6), rule: 3, tags: [] }],
  upcoming: [{ digest: build(7), rule: 4, tags: ['in-7'], at: new Date('2026-03-09T10:11:12Z'), action: 'expire' }],
} as const;
const endangered: RetainedRepository = {
  ...bot,
  protectedImages: [
    { digest: build(1), state: 'endangered', needs: [{ kind: 'overlay', environment: 'production' }] },
    { digest: build(2), state: 'archived', needs: [{ kind: 'overlay', environment: 'staging' }] },
    { digest: build(3), state: 'gone', needs: [{ kind: 'release', environment: 'staging', commit: commit('b') }] },
  ],
  endangered: [{ digest: build(1), tags: ['in-1'], rule, when: { kind: 'pushes', pushes: 2 } }],
};
const empty: RetainedRepository = { ...bot, image: 'dev-sandbox', protectedImages: [], hasPolicy: false };

describe('the summary', () => {
  const cases: [string, Retention][] = [
    ['kept', retention('kept', [bot, empty])],
    ['changed', retention('changed', [{ ...bot, changes, expiry }])],
    ['dry-run', retention('changed', [{ ...bot, changes }], true)],
    ['endangered', retention('endangered', [endangered])],
    ['gone', retention('endangered', [{ ...endangered, endangered: [] }])],
  ];
  test.each(cases)('%s', (name, given) => {
    const text = renderSummary(given, { repositoryUrl: 'https://github.example/acme/bot' });
    expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), text);
  });

  test('stays short however much expires', () => {
    const expired = Array.from({ length: 500 }, (_, index) => ({
      digest: build(index),
      rule: 1,
      tags: [`in-${index}`],
    }));
    const text = renderSummary(retention('kept', [{ ...bot, expiry: { ...expiry, expired } }]), {
      repositoryUrl: 'https://github.example/acme/bot',
    });
    expect(text).toContain('… and 462 more.');
    expect(text.split('\n').length).toBeLessThan(80);
  });

  test('shows tags that look like markup as they are', () => {
    const upcoming = [{ ...expiry.upcoming[0], tags: ['a|b`c'] }];
    const text = renderSummary(retention('kept', [{ ...bot, expiry: { ...expiry, upcoming } }]), {
      repositoryUrl: 'https://github.example/acme/bot',
    });
    expect(text).toContain('``a\\|b`c``');
  });
});
