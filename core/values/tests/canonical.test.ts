import { expect, test } from '@jest/globals';
import { Atom, canonical } from '#core/values/canonical.ts';

class Named extends Atom {
  override get canonical(): string {
    return '\0named';
  }
}

test('a text is the same for the same value only', () => {
  const values = [
    null,
    'null',
    1,
    '1',
    1n << 70n,
    true,
    [],
    {},
    [1, 2],
    [2, 1],
    [[1], 2],
    { a: 1 },
    { a: '1' },
    Symbol('a'),
    new Named(),
  ];
  expect(new Set(values.map(canonical)).size).toBe(values.length);
});

test('whatever the order of keys, of a map as of an object', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }], a: 0 })).toBe('{"a":0,"b":[{"c":2,"d":1}]}');
  expect(
    canonical(
      new Map<string, unknown>([
        ['b', 1],
        ['a', new Map()],
      ]),
    ),
  ).toBe('{"a":{},"b":1}');
});
