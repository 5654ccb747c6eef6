import { describe, expect, test } from '@jest/globals';
import { isAboutSame, readIntents, withIntents } from '#core/release/proposed-intents.ts';
import { parseReleases } from '#core/release/trailer.ts';
import { deploy, hold, promotion, rollback } from './state-builder.ts';

const RELEASE = `Slipway-Release: staging/a to=sha256:${'b'.repeat(64)} from=none kind=deploy source=${'1'.repeat(40)} intent=I run= actor=octocat`;
const MESSAGE = `deploy(staging): a\n\na body\n\n${RELEASE}\n`;

describe('the intents of a proposed commit', () => {
  const intents = [
    deploy(1, { a: [5, 'c'] }, { environments: ['staging'] }),
    rollback(2, { a: [2, 'e'] }, { reason: 'it answers 500 %\n\nSlipway-Release: forged' }),
    hold(3, '*'),
  ];

  test('are read back as they were, and the releases beside them', () => {
    const message = withIntents(MESSAGE, intents);
    expect(readIntents(message, 'staging')).toEqual(intents);
    expect(parseReleases(message)).toHaveLength(1);
  });

  test('of another environment, or of more than one, do not count', () => {
    const others = [
      promotion(4, { a: [5, 'c'] }),
      deploy(5, { a: [5, 'c'] }, { environments: ['staging', 'edge'] }),
      deploy(6, {}),
    ];
    expect(readIntents(withIntents(MESSAGE, others), 'staging')).toEqual([]);
    expect(readIntents(`${MESSAGE}Slipway-Intent: {}\nSlipway-Intent: %\n`, 'staging')).toEqual([]);
  });
});

test('intents are about the same where they share an image; * is all of them', () => {
  const a = rollback(1, { a: [2, 'e'] });
  expect(isAboutSame(a, rollback(2, { a: [3, 'c'], b: [3, 'c'] }))).toBe(true);
  expect(isAboutSame(a, rollback(2, { b: [3, 'c'] }))).toBe(false);
  expect(isAboutSame(a, hold(3, '*'))).toBe(true);
});

test.each([
  ['co-authors', 'Co-authored-by: A <a@example.com>\nCo-authored-by: B <b@example.com>'],
  ['a line and co-authors', '---------\n\nCo-authored-by: A <a@example.com>'],
  ['who signed it off', 'Signed-off-by: A <a@example.com>'],
])('what GitHub puts behind the message of a squash hides no release: %s', (_what, paragraph) => {
  expect(parseReleases(`${MESSAGE}\n${paragraph}\n`)).toHaveLength(1);
  expect(parseReleases(`${MESSAGE}\n${paragraph}\n`.replaceAll('\n', '\r\n'))).toHaveLength(1);
});

test('a release in the middle of a message still does not count', () => {
  expect(parseReleases(`${MESSAGE}\nmore words\n`)).toEqual([]);
  expect(parseReleases(`${MESSAGE}\nmore words\n\nCo-authored-by: A <a@example.com>\n`)).toEqual([]);
});
