import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { editHolds, type Hold, type HoldChange, isActive, parseHolds } from '#core/release/holds.ts';
import { describeError } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { expectGolden } from '#tests/support/golden.ts';

const FILE = 'overlays/production/holds.yaml';
const HEAD =
  '# Holds of this environment: why automatic bumps leave an image alone.\n# yaml-language-server: $schema=../../holds.schema.json\n';
const folder = join(repositoryRoot, 'core/release/tests/fixtures/hold-edits');
const now = new Date('2026-03-05T12:00:00Z');
const digest: Digest = `sha256:${'3f'.repeat(32)}`;

const rollback: Hold = {
  image: 'discord-bot',
  kind: 'rollback',
  reason: 'latency doubled: see #12',
  by: 'octocat',
  since: now,
  until: new Date('2026-03-06T12:00:00.250Z'),
  digest,
};
const isGone = ({ reason }: Hold): boolean => reason.trim() === 'gone';
const nothing: HoldChange = { add: [], remove: () => false, now };

describe('a hold file as people write it: one hold comes, "gone" and what is over go', () => {
  test.each(readdirSync(folder))('%s', (name) => {
    const before = readFileSync(join(folder, name, 'before.yaml'), 'utf8');
    const add = name.includes('all-go') ? [] : [rollback];
    const after = editHolds(FILE, before, { add, remove: isGone, now });
    const stays = parseHolds(FILE, before).filter((hold) => isActive(hold, now) && !isGone(hold));
    expect(parseHolds(FILE, after)).toEqual([...stays, ...add]);
    expect(editHolds(FILE, after, { ...nothing, remove: isGone })).toBe(after);
    expectGolden(join(folder, name, 'after.yaml'), after);
  });
});

describe('a new file', () => {
  test('says what it is, and where the schema is', () => {
    const text = editHolds(FILE, undefined, {
      ...nothing,
      add: [rollback, { ...rollback, image: '*', until: undefined }],
    });
    expect(text).toBe(
      `${HEAD}- image: discord-bot\n  kind: rollback\n  reason: "latency doubled: see #12"\n  by: octocat\n  since: 2026-03-05T12:00:00Z\n  until: 2026-03-06T12:00:00.250Z\n  digest: ${digest}\n` +
        `- image: "*"\n  kind: rollback\n  reason: "latency doubled: see #12"\n  by: octocat\n  since: 2026-03-05T12:00:00Z\n  digest: ${digest}\n`,
    );
  });
  test.each([
    ['holds.yaml', './holds.schema.json'],
    ['production/holds.yaml', '../holds.schema.json'],
    ['./deploy//overlays/production/holds.yaml', '../../../holds.schema.json'],
  ])('%s finds the schema at %s', (file, schema) => {
    expect(editHolds(file, undefined, nothing)).toContain(`\n# yaml-language-server: $schema=${schema}\n`);
  });
  test.each([[undefined], [''], [' \n']])('from %j, when the hold goes again: the head and []', (before) => {
    const text = editHolds(FILE, before, { ...nothing, add: [rollback] });
    expect(editHolds(FILE, text, { ...nothing, remove: () => true })).toBe(`${HEAD}[]\n`);
    expect(editHolds(FILE, text, { ...nothing, now: new Date('2026-03-06T12:00:00.250Z') })).toBe(`${HEAD}[]\n`);
  });
});

describe('refuses', () => {
  test('a file whose end would become part of the hold that comes; with its value on one line, it is edited', () => {
    const before =
      '- image: discord-bot\n  kind: manual\n  by: octocat\n  since: 2026-03-01T00:00:00Z\n  reason: |+\n    wait\n\n    ';
    const edit = (text: string) => editHolds(FILE, text, { ...nothing, add: [rollback] });
    const golden = join(import.meta.dirname, 'golden/refusals/hold-form.txt');
    const refuse = () => {
      try {
        return edit(before);
      } catch (error) {
        return describeError(error);
      }
    };
    expectGolden(golden, `${refuse()}\n`);
    const after = edit(before.replace(/\|\+\s+wait\s+$/, '"wait"\n'));
    expect(parseHolds(FILE, after).map(({ reason }) => reason)).toEqual(['wait', rollback.reason]);
  });

  test('to change a file that cannot be read', () => {
    expect(() => editHolds(FILE, 'image: bot\n', { ...nothing, add: [rollback] })).toThrow('is not a list of holds');
  });
  test.each<[Partial<Hold>, string]>([
    [{ reason: ' ' }, `${FILE}:5: reason: " " is empty`],
    [{ image: 'Discord Bot' }, 'image: "Discord Bot" is not an image'],
    [{ kind: 'accepted', digest: undefined }, 'kind: "accepted" needs a digest'],
    [{ until: new Date(0) }, 'is before since'],
    [{ reason: 'x'.repeat(70_000) }, 'is larger than 64 KiB'],
  ])('a hold that could not be read back: %j', (fields, message) => {
    expect(() => editHolds(FILE, undefined, { ...nothing, add: [{ ...rollback, ...fields }] })).toThrow(message);
  });
});

const hostile = fc.constantFrom(
  ...[
    '\n',
    '\r\n',
    '\t',
    ' ',
    '#',
    ': ',
    ':',
    "'",
    '"',
    '\\',
    '- ',
    '---',
    '...',
    '? ',
    '| ',
    '> ',
    '&a',
    '*a',
    '!t',
    '%',
    '@',
  ],
  ...[
    '`',
    '{',
    '}',
    '[',
    ']',
    ',',
    '<<',
    '~',
    'null',
    'yes',
    '1e3',
    '0x1f',
    '2026-03-01',
    '👩‍🚀',
    'é',
    '\u0000',
    '\u0007',
    '\u001b',
  ],
  ...[
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u00ad',
    '\u2028',
    '\u202e',
    '\ufeff',
    '\uffff',
    '\ud800',
    '\u{e0001}',
    '\u{10ffff}',
    'a',
  ],
);
const text = fc
  .oneof(
    fc.array(hostile, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
    fc.lorem(),
  )
  .filter((written) => /\S/.test(written));
const moment = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const hold = fc
  .record({
    image: fc.constantFrom('*', 'discord-bot', 'null', '12', '1e3', 'a/b.c_d', 'yes'),
    kind: fc.constantFrom('rollback', 'manual', 'freeze', 'accepted'),
    reason: text,
    by: text,
    since: moment,
    lasts: fc.option(fc.nat(1e9)),
    isAbout: fc.boolean(),
  })
  .map(({ lasts, isAbout, ...fields }): Hold => {
    const until = lasts === null ? undefined : new Date(Math.min(fields.since.getTime() + lasts, 253402300799999));
    return { ...fields, until, digest: isAbout || fields.kind === 'accepted' ? digest : undefined };
  });

test('random holds are read back as they were written, and what stays keeps its bytes', () => {
  fc.assert(
    fc.property(
      fc.array(hold, { maxLength: 4 }),
      fc.array(hold, { maxLength: 3 }),
      fc.nat(15),
      moment,
      (old, add, gone, at) => {
        const before = editHolds(FILE, undefined, { ...nothing, add: old });
        expect(parseHolds(FILE, before)).toEqual(old);
        expect(before.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        const parsed = parseHolds(FILE, before);
        const isRemoved = (candidate: Hold): boolean =>
          parsed.some((one, index) => (gone & (1 << index)) > 0 && one.reason === candidate.reason);
        const stays = old.filter((one) => isActive(one, at) && !isRemoved(one));
        const after = editHolds(FILE, before, { add, remove: isRemoved, now: at });
        expect(parseHolds(FILE, after)).toEqual([...stays, ...add]);
        expect(after).toBe(editHolds(FILE, undefined, { ...nothing, add: [...stays, ...add] }));
      },
    ),
    { numRuns: 300 },
  );
});
