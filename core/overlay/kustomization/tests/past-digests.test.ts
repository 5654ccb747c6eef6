import { describe, expect, test } from '@jest/globals';
import { createDigestReader } from '#core/overlay/kustomization/past-digests.ts';
import { NEVER_RELEASED } from '#core/values/reference.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const text = (...digests: readonly string[]): string =>
  [
    'images:',
    ...digests.flatMap((one, at) => [`  - name: image-${at}`, `    digest: ${one} # was ${digest('e')}`]),
    '',
  ].join('\n');

describe('the digests of an overlay', () => {
  const read = createDigestReader();

  test.each([
    ['two that differ', [digest('a'), digest('b')]],
    ['two others, in the same text otherwise', [digest('c'), digest('d')]],
    ['two that are the same', [digest('a'), digest('a')]],
    ['one that a comment names, too', [digest('e'), digest('b')]],
    ['what a reader exchanges them for', [`sha256:${'0'.repeat(63)}1`, digest('b')]],
  ])('%s', (_name, digests) => {
    expect([...read(text(...digests))]).toEqual(digests.map((one, at) => [`image-${at}`, one]));
  });

  test('sixty-four zeros are none, and so is what only looks like a digest', () => {
    expect([...read(text(NEVER_RELEASED, `${digest('a')}a`))]).toEqual([['image-1', undefined]]);
    expect([...read(text(digest('a'), digest('b')))]).toHaveLength(2);
  });

  test('a name that holds a digest stays itself', () => {
    const named = (letter: string): string =>
      `images:\n  - {name: "web@${digest(letter)}", digest: "${digest('b')}"}\n`;
    for (const letter of ['a', 'c']) expect([...read(named(letter))]).toEqual([[`web@${digest(letter)}`, digest('b')]]);
  });

  test('what is not a kustomization has none, with any digest in it', () => {
    for (const letter of ['a', 'b']) expect([...read(`images: [${digest(letter)}`)]).toEqual([]);
  });
});
