import { describe, expect, test } from '@jest/globals';
import { readInputs } from '../src/inputs.ts';

const good: Record<string, string> = {
  image: '',
  config: 'slipway.yaml',
  branch: 'main',
  releases: '10',
  'dry-run': 'false',
  token: 't',
};
const read = (change: Record<string, string> = {}) =>
  readInputs({ input: (name) => ({ ...good, ...change })[name] ?? '' });

test('the defaults are all images, ten releases, for real', () => {
  expect(read()).toEqual({
    images: [],
    config: 'slipway.yaml',
    branch: 'main',
    releases: 10,
    dryRun: false,
    token: 't',
    identity: 'github-actions[bot]',
  });
});

test('images come one a line', () => {
  expect(read({ image: '\n bot \n\nteam/sandbox\n' }).images).toEqual(['bot', 'team/sandbox']);
});

test('a dry run is said', () => {
  expect(read({ 'dry-run': 'true' }).dryRun).toBe(true);
});

describe('refuses', () => {
  test.each([
    [{ image: 'bot sandbox' }, 'image: "bot sandbox" is not the name of an image: write one a line'],
    [{ image: 'bot\nbot' }, 'image: "bot" is named twice'],
    [{ config: '/etc/slipway.yaml' }, 'config: "/etc/slipway.yaml" is not a path inside the repository'],
    [{ config: 'a/../../b' }, 'is not a path inside the repository'],
    [{ branch: '' }, 'branch: "" is not a branch name'],
    [{ branch: '-x' }, 'is not a branch name'],
    [{ releases: '0' }, 'releases: "0" is not a number of releases: expected a whole number from 1 to 1000'],
    [{ releases: '1001' }, 'is not a number of releases'],
    [{ releases: '' }, 'is not a number of releases'],
    [{ releases: 'ten' }, 'is not a number of releases'],
    [{ 'dry-run': 'yes' }, 'dry-run: "yes" is neither true nor false'],
  ])('%j', (change, message) => {
    expect(() => read(change)).toThrow(message);
  });
});
