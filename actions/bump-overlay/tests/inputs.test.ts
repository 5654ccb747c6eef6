import { expect, test } from '@jest/globals';
import { readInputs } from '../src/inputs.ts';

const digest = `sha256:${'a'.repeat(64)}`;

const given = (inputs: Record<string, string>) =>
  readInputs({
    input: (name) =>
      ({ images: `app=${digest}`, 'source-sha': 'b'.repeat(40), branch: 'main', config: 'slipway.yaml', ...inputs })[
        name
      ] ?? '',
  });

test('one image a line, whatever the space around it', () => {
  expect([...given({ images: ` app=${digest}\n\n  worker = ${digest} \n` }).images]).toEqual([
    ['app', digest],
    ['worker', digest],
  ]);
});

test.each([
  ['', 'names no image'],
  [digest, 'is not of the form name=sha256:…'],
  [`app=${digest}\napp=${digest}`, 'is listed twice: give each image once'],
  [`app=sha256:${'0'.repeat(64)}`, 'means "never released": give the digest of a build'],
  ['app=sha256:1234', 'is not a digest'],
  ['app=v1', 'is not a digest'],
])('%j is refused', (text, sentence) => {
  expect(() => given({ images: text })).toThrow(sentence);
});

test('no environment means every one that deploys on push', () => {
  expect(given({}).environment).toBeUndefined();
  expect(given({ environment: 'staging' }).environment).toBe('staging');
  expect(() => given({ environment: 'Staging!' })).toThrow('is not a name of slipway.yaml');
});
