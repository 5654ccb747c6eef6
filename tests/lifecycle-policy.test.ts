import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { expireImages } from '#core/aws/ecr-lifecycle/expire.ts';
import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import { parsePolicy } from '#core/aws/ecr-lifecycle/policy.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** What terraform test finds in the plan, byte for byte: names-and-keys.tftest.hcl. */
const file = join(repositoryRoot, 'terraform/aws/tests/lifecycle.json');
const policies: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
const NOW = new Date('2026-03-01T12:00:00Z');
const HOUR = 3_600_000;

/** Images with these tags, one pushed an hour after the other, the last an hour ago; an image's digest is its first tag. */
function push(...tags: (readonly string[])[]): LifecycleImage[] {
  return tags.map((of, index) => ({
    digest: of[0] ?? `untagged-${index}`,
    tags: of,
    pushedAt: new Date(NOW.getTime() - (tags.length - index) * HOUR),
    status: 'active',
    children: [],
  }));
}

/** `in-1`, `in-2`, … each with further tags. */
const several = (count: number, prefix: string, ...more: string[]): string[][] =>
  Array.from({ length: count }, (_, index) => [`${prefix}${index + 1}`, ...more.map((tag) => `${tag}${index + 1}`)]);

function left(repository: string, images: readonly LifecycleImage[]): string[] {
  const policy = parsePolicy(repository, JSON.stringify(policies[repository]));
  const gone = new Set(expireImages(policy, images, NOW).expired.map(({ digest }) => digest));
  return images.filter(({ digest }) => !gone.has(digest)).map(({ digest }) => digest);
}

describe.each([
  ['discord-bot', 10],
  ['dev-sandbox', 5],
])('%s keeps %i', (repository, keep) => {
  const newest = (tags: readonly (readonly string[])[], count = keep): string[] =>
    tags.slice(-count).map(([tag = '']) => tag);

  test.each([
    ['v', 'versions'],
    ['sha-', 'commits'],
    ['git-', 'commits that lost in-*'],
  ])('of images that another pipeline tagged, %s (%s)', (prefix) => {
    const tags = several(30, prefix);
    expect(left(repository, push(...tags))).toEqual(newest(tags));
  });

  test('of our builds, however many other images are newer', () => {
    const [builds, others] = [several(30, 'in-', 'git-'), several(30, 'v')];
    expect(left(repository, push(...builds, ...others))).toEqual([...newest(builds), ...newest(others)]);
  });

  test('of all tagged images together, where other tags are the older ones', () => {
    const [others, builds] = [several(30, 'v'), several(keep - 1, 'in-', 'git-')];
    expect(left(repository, push(...others, ...builds))).toEqual(['v30', ...newest(builds)]);
  });

  test('and 3 dependency layers', () => {
    const [layers, others] = [several(9, 'deps-'), several(keep, 'v')];
    expect(left(repository, push(...layers, ...others))).toEqual([...newest(layers, 3), ...newest(others)]);
  });

  test('and everything that git can still ask for, whatever other tags it has', () => {
    const kept = [...several(40, 'v', 'keep-'), ...several(40, 'in-', 'keep-'), ...several(40, 'deps-', 'keep-')];
    const others = several(99, 'x');
    expect(left(repository, push(...kept, ...others))).toEqual([
      ...kept.map(([tag]) => tag),
      ...newest(others), // ranked among all tagged images: these are the newest
    ]);
  });

  test('and what lost its tags, for a week', () => {
    const [fresh, old] = [push([]), push([]).map((image) => ({ ...image, digest: 'old', pushedAt: new Date(0) }))];
    expect(left(repository, [...old, ...fresh])).toEqual(['untagged-0']);
  });
});
