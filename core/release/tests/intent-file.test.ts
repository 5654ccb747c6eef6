import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Builds, Intent } from '#core/release/intent.ts';
import { formatIntent, parseIntent } from '#core/release/intent-file.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { deploy, hold, lift, promotion, rollback, ulidOf } from './state-builder.ts';

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const moment = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const text = fc.string({ unit: 'binary', maxLength: 200 });
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.constantFrom('constructor', 'toString', 'a/b', '1'),
);
const key = name.filter((one) => one !== '__proto__');
const build = fc.record({
  digest: hex(64).map((digits): Digest => `sha256:${digits}`),
  source: hex(40).map((digits) => digits as CommitSha), // forty hex digits
});
// numbers come first among the keys of an object: compared by content, not by order
const images = fc
  .dictionary(key, build, { maxKeys: 5, noNullPrototype: true })
  .map((found): Builds => new Map(Object.entries(found)));
const common = {
  id: fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'), minLength: 26, maxLength: 26 }),
  run: text,
  actor: text,
  at: moment,
  reason: text,
};
const wanted = { ...common, environment: name };
const intents: fc.Arbitrary<Intent> = fc.oneof(
  fc.record({
    ...common,
    kind: fc.constant('deploy' as const),
    environments: fc.option(fc.array(name, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    images,
    isByHand: fc.boolean(),
  }),
  fc.record({ ...wanted, kind: fc.constant('rollback' as const), images, isUnchecked: fc.boolean() }),
  fc.record({ ...wanted, kind: fc.constant('promotion' as const), images }),
  fc.record({
    ...wanted,
    kind: fc.constant('hold' as const),
    image: name,
    until: fc.option(moment, { nil: undefined }),
  }),
  fc.record({ ...wanted, kind: fc.constant('release' as const), image: name, images }),
);

test('any intent is read as it was written, on one line', () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const written = formatIntent(intent);
      expect(written).not.toMatch(/[\n\r]/);
      expect(parseIntent(written)).toEqual(intent);
      expect(parseIntent(`${written}\n`)).toEqual(intent);
    }),
  );
});

test('the form that is written into git', () => {
  const builds = { a: [5, 'c'] } as const;
  const form = {
    id: ulidOf(1),
    run: 'https://github.example/runs/1',
    actor: 'octocat',
    at: '2026-01-02T12:00:00.000Z',
  };
  const written = { a: { digest: `sha256:${'c'.repeat(64)}`, source: `${'0'.repeat(39)}5` } };
  const lines: [Intent, object][] = [
    [deploy(1, builds), { reason: '', kind: 'deploy', environments: null, images: written, isByHand: false }],
    [
      rollback(1, builds),
      { reason: 'it answers 500', kind: 'rollback', environment: 'staging', images: written, isUnchecked: false },
    ],
    [promotion(1, builds), { reason: 'it is good', kind: 'promotion', environment: 'production', images: written }],
    [hold(1, '*'), { reason: 'we look at it', kind: 'hold', environment: 'staging', image: '*', until: null }],
    [lift(1, 'a'), { reason: 'it is fine', kind: 'release', environment: 'staging', image: 'a', images: {} }],
  ];
  for (const [intent, rest] of lines) expect(JSON.parse(formatIntent(intent))).toEqual({ schema: 1, ...form, ...rest });
});

describe('anything else is not an intent, and is never thrown over', () => {
  const good = JSON.parse(formatIntent(rollback(1, { a: [5, 'c'] })));
  const change = (more: object): string => JSON.stringify({ ...good, ...more });
  const without = (gone: string): string =>
    JSON.stringify(Object.fromEntries(Object.entries(good).filter(([field]) => field !== gone)));
  const raw = (from: string, to: string): string => JSON.stringify(good).replace(from, to);

  test('the example is one', () => {
    expect(parseIntent(change({}))).toBeDefined();
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['a commit message', 'fix: it answers 500\n\nSlipway-Release: x'],
    ['a number', '1'],
    ['null', 'null'],
    ['a list', '[]'],
    ['half of one', JSON.stringify(good).slice(0, -1)],
    ['two', `${JSON.stringify(good)}${JSON.stringify(good)}`],
    ['a later version', change({ schema: 2 })],
    ['a version in words', change({ schema: '1' })],
    ['no version', without('schema')],
    ['no reason', without('reason')],
    ['no images', without('images')],
    ['another kind', change({ kind: 'destroy' })],
    ['a kind that objects have', change({ kind: 'constructor' })],
    ['a key of its own', change({ force: true })],
    ["a deploy's key", change({ isByHand: true })],
    ['an id that is too short', change({ id: '1' })],
    ['an id in lower case', change({ id: `${ulidOf(1).slice(1)}a` })],
    ['an id with a letter that ULIDs lack', change({ id: `${ulidOf(1).slice(1)}U` })],
    ['an id with a path', change({ id: '../../heads/main0000000000' })],
    ['an id with a line behind it', change({ id: `${ulidOf(1)}\n` })],
    ['a date without a time', change({ at: '2026-01-02' })],
    ['a date without a zone', change({ at: '2026-01-02T00:00:00' })],
    ['a date that is not in the calendar', change({ at: '2026-02-30T00:00:00Z' })],
    ['a date as a number', change({ at: 1767355200000 })],
    ['no environment', change({ environment: '' })],
    ['an image without a name', change({ images: { '': good.images.a } })],
    [
      'a digest of another algorithm',
      change({ images: { a: { ...good.images.a, digest: `sha512:${'c'.repeat(64)}` } } }),
    ],
    [
      'a digest with a line behind it',
      change({ images: { a: { ...good.images.a, digest: `${good.images.a.digest}\n` } } }),
    ],
    ['a source that is a branch', change({ images: { a: { ...good.images.a, source: 'main' } } })],
    [
      'a source with a line behind it',
      change({ images: { a: { ...good.images.a, source: `${good.images.a.source}\n` } } }),
    ],
    ['images as a list', change({ images: [] })],
    ['no build', change({ images: { a: null } })],
    ['__proto__ as a key', raw('{', '{"__proto__":{"isUnchecked":true},')],
    ['__proto__ as an image', raw('"images":{', `"images":{"__proto__":${JSON.stringify(good.images.a)},`)],
    ['__proto__ in a build', raw('"digest"', '"__proto__":{},"digest"')],
    [
      'what is left out taken from a prototype',
      without('isUnchecked').replace('{', '{"__proto__":{"isUnchecked":true},'),
    ],
    ['a reason of 10 MB', change({ reason: 'x'.repeat(10_000_000) })],
    ['10 MB of nothing', ' '.repeat(10_000_000)],
    ['a key of 10 MB', change({ ['x'.repeat(10_000_000)]: 1 })],
    ['10 MB of brackets', '['.repeat(5_000_000) + ']'.repeat(5_000_000)],
    ['a reason that is too long', change({ reason: 'x'.repeat(2_001) })],
  ])('%s', (_name, message) => {
    expect(parseIntent(message)).toBeUndefined();
  });

  test('no text at all is thrown over', () => {
    const damaged = fc.tuple(fc.nat(400), fc.string({ maxLength: 5 })).map(([at, put]) => {
      const whole = JSON.stringify(good);
      return whole.slice(0, at) + put + whole.slice(at + 1);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), damaged), (message) => {
        expect(() => parseIntent(message)).not.toThrow();
      }),
    );
  });

  test('what is read has no prototype of its own', () => {
    parseIntent(raw('{', '{"__proto__":{"polluted":true},'));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
