import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseImageName } from '#core/registry/image-name.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { expectGolden } from '#tests/support/golden.ts';
import type { Build } from '../src/run.ts';
import { formatBytes, renderSummary } from '../src/summary.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const context = { repositoryUrl: 'https://github.example/acme/bot' };
const inputHash = 'c'.repeat(64);
const blob = (path: string) => ({ path, mode: '100644', type: 'blob' as const, oid: 'x' });

const build: Build = {
  outcome: 'built',
  image: 'discord-bot',
  digest: digest('a'),
  reference: `registry.example/discord-bot@${digest('a')}`,
  tag: `in-${inputHash}`,
  inputHash,
  seconds: 6.25,
  source: 'b'.repeat(40) as CommitSha, // 40 hex digits
  forced: false,
  adopted: false,
  dependencies: 'reused',
  size: 81_234_567,
  base: digest('d'),
  ingredients: {
    template: [blob('docker/build.pkr.hcl')],
    inputs: [blob('app')],
    dependencies: [blob('app/package.json')],
    base: { written: 'node:24-bookworm-slim', name: parseImageName('base', 'node:24-bookworm-slim') },
    inputHash,
    dependenciesHash: 'e'.repeat(64),
  },
};

const cases: Record<string, Partial<Build>> = {
  'built-app-only': {},
  'built-dependencies': { dependencies: 'built' },
  'built-one-layer': { dependencies: 'none', image: 'dev-sandbox' },
  'built-and-adopted': { adopted: true },
  forced: { forced: true, dependencies: 'none', tag: `in-${inputHash}-r77-1` },
  skipped: { outcome: 'skipped', dependencies: 'untouched', size: undefined, base: undefined, seconds: 0.31 },
  'skipped-for-a-rival': {
    outcome: 'skipped',
    dependencies: 'untouched',
    size: undefined,
    base: undefined,
    adopted: true,
  },
  'pinned-base': {
    ingredients: {
      ...build.ingredients,
      base: { ...build.ingredients.base, written: `host:5000/base@${digest('d')}` },
    },
  },
};

test.each(Object.entries(cases))('%s reads as its golden file', (name, change) => {
  const path = join(repositoryRoot, 'actions/build-image/tests/golden', `${name}.md`);
  expectGolden(path, renderSummary({ ...build, ...change }, context));
});

describe('hostile values stay text', () => {
  const evil = '`|<img src=x onerror=alert(1)>](http://evil)\n::error::x\n| a | b |';
  const text = renderSummary(
    {
      ...build,
      image: evil,
      reference: evil,
      tag: evil,
      ingredients: {
        ...build.ingredients,
        inputs: [blob(evil)],
        template: [blob(evil)],
        base: { ...build.ingredients.base, written: evil },
      },
    },
    context,
  );

  test('outside code there is no markup, no workflow command and no further table row', () => {
    const outside = text.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, 'CODE');
    expect(outside).not.toMatch(/<img|http:\/\/evil|onerror=alert\(/);
    expect(text).not.toMatch(/^::|^\| a \| b \|/m);
    expect(text.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(10);
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [81_234_567, '81.2 MB'],
  [5e15, '5000.0 TB'],
])('%i bytes read %s', (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words);
});
