import { describe, expect, test } from '@jest/globals';
import { describeLongest, findTooLong, measure } from '../structure.ts';

const body = (lines: number): string => '  // …\n'.repeat(lines);
const found = (text: string) => measure('a.ts', text).functions.map(({ place, lines }) => `${place}: ${lines}`);

describe('measure', () => {
  test('every kind of function, by the name that a reader knows it by', () => {
    const text = [
      '// é: two bytes',
      'function one() {\n}',
      'const two = () => {\n};',
      'const table = { three() {\n}, get four() {\nreturn 1; }, "five": function () {\n} };',
      'class A {\nconstructor() {\n}\nsix() {\n}\n#seven() {\n}\nstatic eight = () => {\n};\nset nine(v) {\n} }',
      'call(() => {\n});',
    ].join('\n');
    expect(found(text).map((place) => place.replace(/^a\.ts:\d+ /, ''))).toEqual([
      'one: 2',
      'two: 2',
      'three: 2',
      'four: 2',
      'five: 2',
      'constructor: 2',
      'six: 2',
      'seven: 2',
      'eight: 2',
      'nine: 2',
      '(unnamed): 2',
    ]);
  });

  test('each file from its own first line, however many came before', () => {
    const text = '\n// a comment\n\nfunction late() {\n  return 1;\n}\n';
    for (let turn = 0; turn < 3; turn++) expect(found(text)).toEqual(['a.ts:4 late: 3']);
    expect(measure('a.ts', text).file).toEqual({ place: 'a.ts', lines: 6 });
  });

  test('an inner function counts by itself and as a part of the outer', () => {
    expect(found('function outer() {\n  const inner = () => {\n  };\n}\n')).toEqual([
      'a.ts:1 outer: 4',
      'a.ts:2 inner: 2',
    ]);
  });

  test('describe only groups: its tests count, it does not', () => {
    const text = "describe.each([1])('x', () => {\n  test('y', () => {\n  });\n});\ndescribe('z', () => {\n});\n";
    expect(found(text)).toEqual(['a.ts:2 (unnamed): 2']);
  });
});

describe('the limits', () => {
  const functionOf = (lines: number) => measure('f.ts', `function f() {\n${body(lines - 2)}}\n`);
  const fileOf = (lines: number) => measure('g.ts', body(lines));

  test('60 lines of a function and 300 of a file pass', () => {
    expect(findTooLong([functionOf(60), fileOf(300)])).toEqual([]);
  });

  test('one more does not, and the longest is named first', () => {
    expect(findTooLong([functionOf(61), functionOf(70), fileOf(301)])).toEqual([
      'f.ts:1 f has 70 lines: cut it to 60 or fewer',
      'f.ts:1 f has 61 lines: cut it to 60 or fewer',
      'g.ts has 301 lines: cut it to 300 or fewer',
    ]);
  });

  test('what is printed', () => {
    expect(describeLongest([functionOf(12), fileOf(40)])).toBe(
      'longest function: 12 lines, f.ts:1 f (at most 60)\nlongest file:     40 lines, g.ts (at most 300)\n',
    );
  });
});
