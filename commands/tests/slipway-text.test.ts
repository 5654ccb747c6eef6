import { describe, expect, test } from '@jest/globals';
import { inert, paint, plain, renderAge, renderTable, short, wrap } from '#commands/slipway/text.ts';

const page = { width: 40, isColoured: false };

describe('a table', () => {
  const columns = [{ title: 'WHO' }, { title: 'WHAT', isFlexible: true }] as const;

  test('is as wide as its text', () => {
    const lines = renderTable(columns, [['A Person', 'short']], page);
    expect(lines).toEqual(['WHO       WHAT', 'A Person  short']);
  });

  test('cuts the flexible column where the page ends, and no other', () => {
    const [, line = ''] = renderTable(columns, [['A Person', 'a subject that is much too long for it']], page, 2);
    expect(line).toBe('  A Person  a subject that is much too…');
    expect(line.length).toBeLessThanOrEqual(40);
  });

  test('counts two columns for wide letters and none for marks', () => {
    const rows = [
      ['語語', 'x'],
      ['e\u0301e\u0301', 'x'],
    ];
    expect(renderTable(columns, rows, page)).toEqual(['WHO   WHAT', '語語  x', 'e\u0301e\u0301    x']);
  });

  test('has bold titles where there are colours', () => {
    const lines = renderTable(columns, [['A', 'b']], { ...page, isColoured: true });
    expect(lines).toEqual(['\u001B[1mWHO  WHAT\u001B[22m', 'A    b']);
  });
});

test('nothing of a commit moves the cursor or colours the terminal', () => {
  expect(plain('red \u001B[31m\u0007 text\nand more')).toBe('red [31m text and more');
  expect(inert('a\tb\n\u001B[2J\u202Ec\r')).toBe('a\tb\n\uFFFD[2J\uFFFDc\uFFFD');
});

test('colours only where they are wanted', () => {
  expect([paint('a', 'red', page), paint('a', 'red', { ...page, isColoured: true })]).toEqual([
    'a',
    '\u001B[31ma\u001B[39m',
  ]);
});

test('a long sentence is broken between words, and a long word is not', () => {
  expect(wrap('because: the bot answers 500 to every single message', page, 4)).toEqual([
    '    because: the bot answers 500 to',
    '      every single message',
  ]);
  expect(wrap(`a ${'b'.repeat(60)}`, page, 2)).toEqual(['  a', `    ${'b'.repeat(60)}`]);
});

test.each([
  ['2030-01-02T03:04:05Z', '0s'],
  ['2030-01-02T03:03:20Z', '45s'],
  ['2030-01-02T02:05:05Z', '59m'],
  ['2030-01-01T04:00:00Z', '23h'],
  ['2029-01-03T03:04:05Z', '364d'],
  ['2027-01-02T03:04:05Z', '3y'],
  ['2030-01-02T03:05:00Z', '0s'],
])('the age of %s is %s', (since, age) => {
  expect(renderAge(new Date(since), new Date('2030-01-02T03:04:05Z'))).toBe(age);
});

test('short ids', () => {
  expect([short(`sha256:${'ab'.repeat(32)}`), short('c'.repeat(40)), short(undefined)]).toEqual([
    'abababa',
    'ccccccc',
    '-',
  ]);
});
