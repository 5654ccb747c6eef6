import { describe, expect, test } from '@jest/globals';
import { parseBoolean, parseBranch, parseLines, parsePath } from '#core/action/inputs.ts';

describe('parseBranch', () => {
  test.each(['main', 'release/1.x', 'a-b_c', 'refs'])('takes %j', (name) => {
    expect(parseBranch('branch', name)).toBe(name);
  });

  const refused = [
    '',
    '-d',
    'a b',
    'a..b',
    'a@{1}',
    'a//b',
    '/a',
    'a/',
    'a.',
    '@',
    '.a',
    'a/.b',
    'a.lock',
    'a:b',
    'a\\b',
  ];
  test.each([...refused, 'a\nb', 'a\u0000b', 'a?', 'a*', 'a[b', 'a~1', 'a^'])('refuses %j', (name) => {
    expect(() => parseBranch('branch', name)).toThrow('is not a branch name: expected a name such as main');
  });
});

describe('parsePath', () => {
  test.each(['slipway.yaml', 'deploy/slipway.yaml', './slipway.yaml'])('takes %j', (path) => {
    expect(parsePath('config', path)).toBe(path);
  });

  test.each(['', '/etc/passwd', '../x', 'a/../../x', 'a\nb'])('refuses %j', (path) => {
    expect(() => parsePath('config', path)).toThrow('is not a path inside the repository');
  });
});

test.each([
  ['true', true],
  ['false', false],
  ['', false],
])('parseBoolean(%j) is %j', (text, value) => {
  expect(parseBoolean('force', text)).toBe(value);
});

test('parseBoolean refuses anything else', () => {
  expect(() => parseBoolean('force', 'yes')).toThrow('force: "yes" is neither true nor false');
});

test('parseLines drops empty lines and the space around the others', () => {
  expect(parseLines(' a \n\n\tb=c\r\n')).toEqual(['a', 'b=c']);
});
