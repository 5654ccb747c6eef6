import { expect, test } from '@jest/globals';
import { readInputs } from '../src/inputs.ts';

const read = (given: Record<string, string>) =>
  readInputs({
    input: (name) => ({ image: 'discord-bot', config: 'slipway.yaml', force: 'false', ...given })[name] ?? '',
  });

test('reads what is given', () => {
  expect(read({})).toEqual({ image: 'discord-bot', config: 'slipway.yaml', force: false });
  expect(read({ force: 'true', config: 'deploy/slipway.yaml' })).toMatchObject({
    force: true,
    config: 'deploy/slipway.yaml',
  });
});

test.each([
  [{ image: '' }, 'image: "" is not the name of an image'],
  [{ image: 'two words' }, 'image: "two words" is not the name of an image'],
  [{ image: 'x\n::set-output' }, 'image: "x\\n::set-output" is not the name of an image'],
  [{ config: '' }, 'config: "" is not a path'],
  [{ config: '/etc/passwd' }, 'config: "/etc/passwd" is not a path inside the repository'],
  [{ config: 'a/../../b' }, 'config: "a/../../b" is not a path inside the repository'],
  [{ force: 'yes' }, 'force: "yes" is neither true nor false'],
])('refuses %j', (given, message) => {
  expect(() => read(given)).toThrow(message);
});
