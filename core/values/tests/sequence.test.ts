import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findGaps } from '#core/values/sequence.ts';

/** Returns gaps as `gone>come`. */
const gaps = (one: string, other: string): string[] =>
  findGaps([...one], [...other]).map(({ from, to, start, end }) => `${one.slice(from, to)}>${other.slice(start, end)}`);

describe('where two sequences differ', () => {
  test.each([
    ['', '', []],
    ['abc', 'abc', []],
    ['', 'ab', ['>ab']],
    ['abc', '', ['abc>']],
    ['abc', 'axc', ['b>x']],
    ['abcdef', 'abXcdYf', ['>X', 'e>Y']],
    ['aaa', 'aa', ['a>']],
    ['abcabba', 'cbabac', ['ab>', '>b', 'b>', '>c']],
  ])('%j and %j', (one, other, expected) => {
    expect(gaps(one, other)).toEqual(expected);
  });
});

test('any two sequences: the gaps turn the one into the other', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });
  fc.assert(
    fc.property(words, words, (one, other) => {
      const made: string[] = [];
      let at = 0;
      for (const { from, to, start, end } of findGaps(one, other)) {
        made.push(...one.slice(at, from), ...other.slice(start, end));
        at = to;
      }
      expect([...made, ...one.slice(at)]).toEqual(other);
    }),
  );
});
