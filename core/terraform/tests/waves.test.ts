import { describe, expect, test } from '@jest/globals';
import { keepOrder, type StackOrder, sortWaves } from '#core/terraform/waves.ts';

/** `c: a b` is a stack that waits for two. */
const orderOf = (...lines: string[]): StackOrder =>
  new Map(
    lines.map((line) => {
      const [name = '', before = ''] = line.split(/: ?/);
      return [name, before.split(' ').filter(Boolean)];
    }),
  );

describe('waves', () => {
  test.each<[string, StackOrder, string[][], number]>([
    ['none', orderOf(), [[], [], []], 1],
    ['a list is one stack after another', orderOf('a', 'b: a', 'c: b'), [['a'], ['b'], ['c']], 1],
    ['independent ones are together', orderOf('a:', 'b:', 'c:'), [['a', 'b', 'c'], [], []], 1],
    ['a diamond', orderOf('a', 'b: a', 'c: a', 'd: b c'), [['a'], ['b', 'c'], ['d']], 1],
    ['one that is written above what it waits for', orderOf('b: a', 'a:'), [['a'], ['b'], []], 1],
    [
      'the last wave is as wide as it is',
      orderOf('a', 'b: a', 'c: b', 'd: b', 'e: a b'),
      [['a'], ['b'], ['c', 'd', 'e']],
      3,
    ],
    [
      'what is deeper comes last, in order, one at a time',
      orderOf('e: d', 'a', 'b: a', 'd: c', 'c: b', 'x: b'),
      [['a'], ['b'], ['c', 'x', 'd', 'e']],
      1,
    ],
  ])('%s', (_name, order, waves, lastAtATime) => {
    expect(sortWaves(order)).toEqual({ waves, lastAtATime });
  });

  test('every stack comes once, and after all that it waits for', () => {
    for (let seed = 1; seed < 200; seed++) {
      const names = Array.from({ length: seed % 9 }, (_none, at) => `s${at}`);
      const order = new Map(
        names.map((name, at) => [name, names.filter((_one, i) => i < at && (seed >> i) % 3 === 0)]),
      );
      const { waves, lastAtATime } = sortWaves(order);
      expect(waves.flat().sort()).toEqual(names);
      const placeOf = (name: string): number => {
        const wave = waves.findIndex((one) => one.includes(name));
        return wave * 100 + (wave === 2 && lastAtATime === 1 ? (waves[2] ?? []).indexOf(name) : 0);
      };
      for (const [name, before] of order)
        for (const one of before) expect([name, placeOf(one) < placeOf(name)]).toEqual([name, true]);
    }
  });
});

test('of stacks that are not all applied, the order of those that are: what lies between is passed through', () => {
  const order = orderOf('a', 'b: a', 'c: b', 'd: c x', 'x:');
  expect([...keepOrder(['a', 'd', 'x'], order)]).toEqual([
    ['a', []],
    ['d', ['a', 'x']],
    ['x', []],
  ]);
  expect([...keepOrder(['d'], order)]).toEqual([['d', []]]);
});
