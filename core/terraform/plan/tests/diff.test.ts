import { describe, expect, test } from '@jest/globals';
import { findDifferences } from '#core/terraform/plan/diff.ts';
import { readView } from '#core/terraform/plan/view.ts';

/** Returns differences as `path: before > after`, in short. */
function diff(before: unknown, after: unknown, masks: { unknown?: unknown; sensitive?: unknown } = {}): string[] {
  return findDifferences(readView(before, {}), readView(after, masks)).map((one) => {
    const path = one.path.join('.');
    if (one.kind === 'spelling') return `${path}: spelling`;
    const show = (side: unknown): string => (typeof side === 'symbol' ? '?' : (JSON.stringify(side) ?? 'absent'));
    return `${path}${one.kind === 'text' ? ' (text)' : ''}: ${show(one.before)} > ${show(one.after)}`;
  });
}

describe('leaves', () => {
  test.each<[string, unknown, unknown, string[]]>([
    ['the same', { a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }, []],
    ['another value', { a: 1 }, { a: '1' }, ['a: 1 > "1"']],
    ['new and gone', { a: 1 }, { b: 2 }, ['a: 1 > absent', 'b: absent > 2']],
    ['null is as good as absent', { a: null, b: 1 }, { b: null }, ['b: 1 > absent']],
    ['empty ones', { a: [], b: {}, c: [] }, { a: {}, b: {}, c: null }, ['a: [] > {}', 'c: [] > absent']],
    ['a map that becomes a list', { a: { b: 1 } }, { a: [2] }, ['a.b: 1 > absent', 'a.0: absent > 2']],
    ['a key of objects', { __proto__: 1 }, JSON.parse('{"__proto__": 2}'), ['__proto__: absent > 2']],
  ])('%s', (_name, before, after, expected) => {
    expect(diff(before, after)).toEqual(expected);
  });
});

describe('lists', () => {
  test.each<[string, unknown[], unknown[], string[]]>([
    ['one more at the front', [1, 2, 3], [0, 1, 2, 3], ['0: absent > 0']],
    ['one fewer in the middle', ['a', 'b', 'c'], ['a', 'c'], ['1: "b" > absent']],
    [
      'an item that changed',
      [
        { n: 'a', v: 1 },
        { n: 'b', v: 1 },
      ],
      [
        { n: 'a', v: 1 },
        { n: 'b', v: 2 },
      ],
      ['1.v: 1 > 2'],
    ],
    ['a null among them', [1, null, 2], [1, 2, null], ['1: null > absent', '2: absent > null']],
    ['a null for an object', [{ a: 1 }], [null], ['0.a: 1 > absent', '0: absent > null']],
  ])('%s', (_name, before, after, expected) => {
    expect(diff(before, after)).toEqual(expected);
  });

  test('two that share nothing, and are long', () => {
    const list = (name: string): string[] => Array.from({ length: 5_000 }, (_one, at) => `${name} ${at}`);
    expect(diff(list('a'), list('b'))).toHaveLength(5_000);
  });
});

describe('text', () => {
  test.each<[string, string | null, string | null, string[]]>([
    ['lines', 'a\nb', 'a\nc', [': "a\\nb" > "a\\nc"']],
    ['new lines', null, 'a\nb', [': "" > "a\\nb"']],
  ])('%s', (_name, before, after, expected) => {
    expect(diff(before, after).map((line) => line.replace(' (text)', ''))).toEqual(expected);
  });

  test('JSON in a string is compared as JSON', () => {
    expect(diff({ p: '{"a":[1,2],"b":{"c":3}}' }, { p: '{"b":{"c":4},"a":[1,2]}' })).toEqual(['p.b.c: 3 > 4']);
    expect(diff({ p: '{"a":1,"b":2}' }, { p: '{ "b": 2, "a": 1 }' })).toEqual(['p: spelling']);
    expect(diff({ p: null }, { p: '{"a":1}' })).toEqual(['p.a: absent > 1']);
    expect(diff({ p: '{"a":1}' }, { p: '{"a":' })).toEqual(['p: "{\\"a\\":1}" > "{\\"a\\":"']);
    expect(diff({ p: '{"id":9007199254740992}' }, { p: '{"id":9007199254740992 }' })).toEqual(['p: spelling']);
  });
});

describe('masks', () => {
  test('what only apply will know', () => {
    expect(diff({ a: 1, b: { c: 1, d: 2 } }, { b: { d: 2 } }, { unknown: { a: true, b: { c: true } } })).toEqual(
      ['b.c: 1 > ?', 'a: 1 > ?'].toSorted(),
    );
    expect(diff({ a: { b: 1 } }, {}, { unknown: { a: true } })).toEqual(['a: {"b":1} > ?']);
    expect(diff(['a'], ['a'], { unknown: [false, true] })).toEqual(['1: absent > ?']);
    expect(diff({ a: null }, { a: null }, { unknown: { a: {} } })).toEqual([]);
  });

  test('what is sensitive is compared, and not shown', () => {
    const mask = { sensitive: { a: true, list: true } };
    const before = readView({ a: 'one', list: ['x'] }, mask);
    const changed = findDifferences(before, readView({ a: 'two', list: ['x'] }, mask));
    expect(changed.map(({ path }) => path)).toEqual([['a']]);
    expect(JSON.stringify(changed)).not.toMatch(/one|two/);
    expect(findDifferences(before, readView({ a: 'one', list: ['y'] }, mask)).map(({ path }) => path)).toEqual([
      ['list'],
    ]);
    expect(findDifferences(readView({}, {}), readView({ a: null }, mask))).toEqual([]);
  });
});
