import { describe, expect, test } from '@jest/globals';
import { isDigest, NEVER_RELEASED, parseCommitSha, parseDigest } from '#core/values/reference.ts';

const digest = `sha256:${'0a'.repeat(32)}`;
const commit = '0a'.repeat(20);

test('a digest and a commit are returned as they are', () => {
  expect(parseDigest('digest', digest)).toBe(digest);
  expect(parseCommitSha('source', commit)).toBe(commit);
  expect(isDigest(NEVER_RELEASED)).toBe(true);
});

describe('refused by the name of the input', () => {
  test.each([
    digest.toUpperCase(),
    digest.slice(1),
    digest.slice(0, -1),
    `${digest}0`,
    `${digest}\n`,
    `x${digest}`,
    commit,
    '',
  ])('digest %j', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest('digest', text)).toThrow(/^digest: ".*" is not a digest: expected sha256:/);
  });

  test.each([commit.slice(1), `${commit}0`, commit.toUpperCase(), `${commit}\n`, 'main', ''])('commit %j', (text) => {
    expect(() => parseCommitSha('source', text)).toThrow(/^source: ".*" is not a commit: expected 40/);
  });
});
