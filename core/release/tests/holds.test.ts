import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { findHold, type Hold, isActive, parseHeldImages, parseHolds } from '#core/release/holds.ts';
import type { Digest } from '#core/values/reference.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { expectGolden } from '#tests/support/golden.ts';

const FILE = 'overlays/production/holds.yaml';
const folder = join(repositoryRoot, 'core/release/tests/fixtures/holds');
const digest: Digest = `sha256:${'3f'.repeat(32)}`;
const read = (name: string): string => readFileSync(join(folder, name, 'holds.yaml'), 'utf8');
const ONE = '- {image: bot, kind: manual, reason: a look, by: me, since: 2026-03-01T12:00:00Z}\n';

describe('a hold file with a fault is refused with file, line, value and remedy', () => {
  test.each(readdirSync(folder))('%s', (name) => {
    let message = 'not refused';
    try {
      parseHolds(FILE, read(name));
    } catch (error) {
      expect(error).toHaveProperty('name', 'Refusal');
      message = error instanceof Error ? error.message : '';
    }
    expect(message).toMatch(/^overlays\/production\/holds\.yaml:\d+: /);
    expect(message).toMatch(/\nNothing is written to the environment until this file can be read\.$/);
    expectGolden(join(folder, name, 'message.txt'), `${message}\n`);
  });

  test('brackets that would exhaust the stack', () => {
    for (const text of ['['.repeat(60_000), '- '.repeat(30_000)]) {
      expect(() => parseHolds(FILE, text)).toThrow(`${FILE}:1: is nested too deep: write a flat list of holds`);
    }
  });
});

describe('reads', () => {
  test.each([[''], ['\n'], ['# none\n'], ['[]'], ['null'], ['~'], ['---\n'], ['---\n...\n']])(
    'no hold in %j',
    (text) => {
      expect(parseHolds(FILE, text)).toEqual([]);
    },
  );

  test('all fields, the optional ones too', () => {
    const text = `${ONE}- image: "*"\n  kind: accepted\n  reason: |-\n    by hand\n    twice\n  by: octocat\n  since: 2026-03-01 07:00:00.5 -05:00\n  until: 2026-03-02T00:00+0530\n  digest: ${digest}\n`;
    expect(parseHolds(FILE, text)).toEqual([
      hold({ since: new Date('2026-03-01T12:00:00Z') }),
      {
        image: '*',
        kind: 'accepted',
        reason: 'by hand\ntwice',
        by: 'octocat',
        since: new Date('2026-03-01T12:00:00.500Z'),
        until: new Date('2026-03-01T18:30:00Z'),
        digest,
      },
    ]);
  });

  test.each([
    ['2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z'],
    ['"2026-03-01T12:00:00Z"', '2026-03-01T12:00:00Z'],
    ['!!timestamp 2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z'],
    ['2026-03-01t12:00:00z', '2026-03-01T12:00:00Z'],
    ['2026-03-01 12:00:00 Z', '2026-03-01T12:00:00Z'],
    ['2026-03-01 9:05:00 -5', '2026-03-01T14:05:00Z'],
    ['2026-03-01T12:00+05:30', '2026-03-01T06:30:00Z'],
    ['2026-03-01T12:00:00.123456789Z', '2026-03-01T12:00:00.123Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ])('the moment %s', (written, expected) => {
    const [read] = parseHolds(FILE, ONE.replace('2026-03-01T12:00:00Z', written));
    expect(read?.since).toEqual(new Date(expected));
  });
});

function hold(fields: Partial<Hold> = {}): Hold {
  return {
    image: 'bot',
    kind: 'manual',
    reason: 'a look',
    by: 'me',
    since: new Date(0),
    until: undefined,
    digest: undefined,
    ...fields,
  };
}

describe('the hold that binds automatic bumps', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const [before, after, later] = [-1, 1, 2].map((hours) => new Date(now.getTime() + hours * 3_600_000));
  test.each<[string, Hold[], number | undefined]>([
    ['none', [], undefined],
    ['one of the image', [hold()], 0],
    ['one of all images', [hold({ image: '*', kind: 'freeze' })], 0],
    ['none of another image', [hold({ image: 'bott' })], undefined],
    ['none that is over', [hold({ until: before })], undefined],
    ['none that ends now', [hold({ until: now })], undefined],
    ['one that begins later, by another clock', [hold({ since: after ?? now })], 0],
    ['not what was accepted', [hold({ kind: 'accepted', digest })], undefined],
    ['the one that ends last', [hold({ until: after }), hold({ image: '*', until: later }), hold({ until: after })], 1],
    ['one without an end before all others', [hold({ until: later }), hold(), hold({ image: '*' })], 1],
  ])('%s', (_name, holds, expected) => {
    expect(findHold(holds, 'bot', now)).toBe(expected === undefined ? undefined : holds[expected]);
  });

  test('is active until its end, without it', () => {
    expect([hold(), hold({ until: after }), hold({ until: now })].map((one) => isActive(one, now))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('what active holds need of the registry', () => {
    const other: Digest = `sha256:${'4e'.repeat(32)}`;
    const named = (until: string, named: Digest): string => ONE.replace('}', `, until: ${until}, digest: "${named}"}`);
    const text = `${ONE}${named('2026-03-01T12:00:00Z', other)}${named('2026-03-01T12:00:01Z', digest)}`;
    expect(parseHeldImages(FILE, text, now)).toEqual([{ image: 'bot', digest }]);
  });
});

describe('holds.schema.json', () => {
  const schema = JSON.parse(readFileSync(join(repositoryRoot, 'holds.schema.json'), 'utf8'));
  const isValid = (text: string): boolean => new Ajv({ strict: false }).validate(schema, parse(text));

  test.each([
    [ONE, true],
    ['', true],
    ['[]', true],
    [ONE.replace('kind: manual', 'kind: pause'), false],
    [ONE.replace('kind: manual', 'kind: accepted'), false],
    [ONE.replace('kind: manual', `kind: accepted, digest: "${digest}"`), true],
    [ONE.replace('}', ', untill: x}'), false],
    [ONE.replace('12:00:00Z', '12:00:00'), false],
    [ONE.replace('bot', 'Bot'), false],
    [ONE.replace('bot', '"*"'), true],
    [ONE.replace('}', ', digest: latest}'), false],
  ])('judges %j', (text, expected) => {
    expect(isValid(text)).toBe(expected);
  });
});
