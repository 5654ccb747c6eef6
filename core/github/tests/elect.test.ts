import { describe, expect, test } from '@jest/globals';
import { elect, type Present } from '#core/github/elect.ts';
import { bodyOf, type Marker, parsePlans, readMarked, writeMarked } from '#core/github/marker.ts';

const [HEAD, OLD, TREE] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];
const PLAIN: Marker = {
  ...{ name: 'slipway', head: HEAD, run: 5, attempt: 1 },
  ...{ verdict: undefined, plans: [], stale: undefined },
};

const textOf = (change: Partial<Marker> = {}, body = `Of ${JSON.stringify(change)}.`) =>
  writeMarked({ ...PLAIN, ...change }, body);

const present = (id: number, change: Partial<Marker> = {}, body?: string): Present => ({
  ...textOf(change, body),
  id,
  node: `node ${id}`,
  url: `https://github.example/${id}`,
});

describe('what is newer', () => {
  const rows: [string, Partial<Marker>, Partial<Marker>][] = [
    ['the present head, whatever the run', { run: 1 }, { head: OLD, run: 9, attempt: 9 }],
    ['a later run', { run: 10 }, { run: 9, attempt: 9 }],
    ['a later attempt of a run', { attempt: 2 }, { attempt: 1, stale: TREE }],
    ['the mark of a stale text', { stale: TREE }, {}],
    ['of heads that are left, a later run', { head: OLD, run: 6 }, { head: TREE, run: 5 }],
  ];
  test.each(rows)('%s', (_name, newer, older) => {
    const update = { do: 'update', id: 1, text: textOf(newer).text };
    expect(elect([present(1, older)], textOf(newer), HEAD)).toEqual(update);
    expect(elect([present(1, newer)], textOf(older), HEAD)).toMatchObject({ do: 'nothing', isWanted: false });
    // what was overwritten comes back
    expect(elect([present(1, older)], textOf(older), HEAD, [textOf(newer)])).toEqual(update);
  });
});

describe('the next step', () => {
  test('none is there: create', () => {
    expect(elect([], textOf(), HEAD)).toEqual({ do: 'create', text: textOf().text });
    expect(elect([], undefined, HEAD)).toEqual({ do: 'nothing', left: undefined, isWanted: true });
  });

  test('several are there: the oldest takes the newest text, then the others go, one by one', () => {
    const all = [present(7, { run: 9 }), present(3, { run: 1 }), present(5, { run: 2 })];
    expect(elect(all, textOf({ run: 4 }), HEAD)).toEqual({ do: 'update', id: 3, text: textOf({ run: 9 }).text });
    const taken = all.map((one) => (one.id === 3 ? { ...one, ...textOf({ run: 9 }) } : one));
    expect(elect(taken, textOf({ run: 4 }), HEAD)).toEqual({ do: 'remove', id: 5 });
    expect(elect(taken.slice(0, 2), textOf({ run: 4 }), HEAD)).toEqual({ do: 'remove', id: 7 });
    expect(elect(taken.slice(1, 2), textOf({ run: 4 }), HEAD)).toMatchObject({ do: 'nothing', isWanted: false });
  });

  test('the same of the same head by a later run is not worth an edit; a verdict or a plan that differs is', () => {
    const same = (change: Partial<Marker>) => elect([present(1, {}, 'B')], textOf({ run: 6, ...change }, 'B'), HEAD).do;
    expect(same({})).toBe('nothing');
    expect(same({ verdict: 'success' })).toBe('update');
    expect(same({ plans: [{ path: 'terraform/aws', tree: TREE }] })).toBe('update');
  });
});

describe('the marker', () => {
  test('says what it was given, whatever the folders are called', () => {
    const plans = [
      { path: 'terraform/a ws,b:c-->', tree: TREE },
      { path: 'terraform/new', tree: undefined },
    ];
    const written = textOf({ verdict: 'failure', plans, stale: OLD, attempt: 3 }, 'One\r\ntwo\n\n');
    expect(written.text.split('\n')[0]?.indexOf('-->')).toBe((written.text.split('\n')[0]?.length ?? 0) - 3);
    expect(readMarked('slipway', written.text)).toEqual(written);
    expect(bodyOf(written)).toBe('One\ntwo');
    expect(readMarked('slipway', written.text.replaceAll('\n', '\r\n'))?.marker).toEqual(written.marker);
  });

  test('is on the first line only, whole, and of this name', () => {
    const { text } = textOf();
    for (const other of ['', 'Hello', `\n${text}`, ` ${text}`, `> ${text}`, text.replace(' -->', '')])
      expect(readMarked('slipway', other)).toBeUndefined();
    expect(readMarked('preview', text)).toBeUndefined();
    expect(readMarked('slip', text)).toBeUndefined();
  });

  test('that says nothing is the oldest', () => {
    const marked = readMarked(
      'slipway',
      '<!-- slipway:slipway run=x attempt=-1 head plans=a%zz applied=x,:1,a:2x,b:3 -->\nText',
    );
    const plans = [{ path: 'a%zz', tree: undefined }];
    expect(marked?.marker).toEqual({
      ...PLAIN,
      head: '',
      run: 0,
      attempt: 0,
      plans,
      applied: [{ stack: 'b', run: 3 }],
    });
  });
});

test('folders with their trees, one a line', () => {
  expect(parsePlans('plans', [`terraform/aws ${TREE}`, 'terraform/new   none'])).toEqual([
    { path: 'terraform/aws', tree: TREE },
    { path: 'terraform/new', tree: undefined },
  ]);
  for (const line of ['a', `/a ${TREE}`, `a/ ${TREE}`, `a/../b ${TREE}`, `a ${TREE} b`, 'a main'])
    expect(() => parsePlans('plans', [line])).toThrow('is not a folder with its tree');
});
