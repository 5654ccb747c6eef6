import { expect, test } from '@jest/globals';
import { findCanaries, makeCanaries } from '#lab/tests/canaries.ts';

const canaries = makeCanaries(3);
const [one = '', two = '', three = ''] = canaries;

test.each(['', 'a', 'ab', 'abc', 'user:'])('a canary after %j is found as it is and in base64', (before) => {
  const packed = Buffer.from(`${before}${two} and more`).toString('base64');
  const found = findCanaries(canaries, [
    { where: 'here', text: `${before}${one}!` },
    { where: 'there', text: `{"data": "${packed}"}` },
  ]);
  expect(found).toEqual([`${one} in here`, `${two} in there`]);
});

test('canaries differ, and what is not there is not found', () => {
  expect(new Set(canaries).size).toBe(3);
  expect(findCanaries([three], [{ where: 'x', text: Buffer.from(`${one} ${two}`).toString('base64') }])).toEqual([]);
});
