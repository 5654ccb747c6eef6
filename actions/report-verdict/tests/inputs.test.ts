import { expect, test } from '@jest/globals';
import { readInputs } from '../src/inputs.ts';

const GIVEN = {
  ...{ app: 'acme-slipway[bot]', revision: '', deadline: '15', branch: 'main', config: 'slipway.yaml' },
  token: 'ghs_x',
};
const read = (more: Readonly<Record<string, string>> = {}) => {
  const inputs: Readonly<Record<string, string>> = { ...GIVEN, ...more };
  return readInputs({ input: (name) => inputs[name] ?? '' });
};

test('the defaults', () => {
  expect(read()).toMatchObject({ app: 'acme-slipway[bot]', revision: undefined, deadlineMs: 900_000 });
});

test.each([
  ['no App', { app: '' }, 'set the variable SLIPWAY_APP'],
  ['a person', { app: 'octocat' }, 'is not the login of a GitHub App'],
  ['a login with more behind it', { app: 'a[bot]b' }, 'is not the login of a GitHub App'],
  ['a branch as revision', { revision: 'main' }, 'revision'],
  ['a short revision', { revision: 'abc1234' }, 'revision'],
  ['no time', { deadline: '0' }, 'is not a number of minutes'],
  ['days', { deadline: '2d' }, 'is not a number of minutes'],
  ['no token', { token: '' }, 'token'],
])('%s is refused', (_name, more, sentence) => {
  expect(() => read(more)).toThrow(sentence);
});
