import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`);
const quote = fc.constantFrom('', "'", '"');
const comment = fc.constantFrom('', ' # note', '  # digest: old', '\t# 🚀 "quoted"', ' #');
const lineEnd = fc.constantFrom('\n', '\r\n');
const above = fc.constantFrom('', '# above\n', '\n', '# - name: other\n# digest: none\n');

/** Where a digest is to be: as one, as a tag, as both (the tag first), or not yet. */
const state = fc.constantFrom('digest', 'tag', 'both', 'neither');

const style = fc.record({
  isFlow: fc.boolean(),
  quote,
  keyQuote: fc.constantFrom('', '"'),
  comment,
  above,
  gap: fc.constantFrom(' ', '   '),
  hasNewName: fc.boolean(),
  isDigestFirst: fc.boolean(),
  isWanted: fc.boolean(),
  state,
  from: digest,
  to: digest,
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

/** An entry's fields as `[key, value]`, the values in the entry's quotes. */
function fieldsOf(name: string, entry: Style, value: Digest | undefined): [string, string][] {
  const names: [string, string][] = [
    ['name', name],
    ...(entry.hasNewName ? [['newName', `r.example/${name}`] as [string, string]] : []),
  ];
  const written: [string, string] = ['digest', value ?? entry.from];
  const tag: [string, string] = ['newTag', 'v1.4'];
  const states = {
    digest: [written],
    tag: [value === undefined ? tag : written],
    both: value === undefined ? [tag, written] : [written],
    neither: value === undefined ? [] : [written],
  };
  const own = states[entry.state];
  // a new field comes below the last name, so an entry without one cannot have its digest first
  return entry.isDigestFirst && entry.state !== 'neither' ? [...own, ...names] : [...names, ...own];
}

/** Writes the entry as a person could have: with its old digest, or with `value` in its place. */
function writeEntry(name: string, entry: Style & { indent: string }, value?: Digest): string {
  const write = ([key, text]: [string, string]): string =>
    `${entry.keyQuote}${key}${entry.keyQuote}:${entry.gap}${entry.quote}${text}${entry.quote}`;
  const fields = fieldsOf(name, entry, value);
  if (entry.isFlow) return `${entry.above}${entry.indent}- {${fields.map(write).join(', ')}}${entry.comment}\n`;
  const [first, ...rest] = fields;
  const lines = [
    `${entry.indent}- ${first === undefined ? '' : write(first)}`,
    ...rest.map((field) => `${entry.indent}  ${write(field)}`),
  ];
  return (
    entry.above +
    lines.map((line, index) => `${line}${index === 0 && entry.state !== 'digest' ? '' : entry.comment}\n`).join('')
  );
}

const file = fc.record({
  entries: fc.array(style, { minLength: 1, maxLength: 5 }),
  indent: fc.constantFrom('', ' ', '    '),
  head: fc.constantFrom('', '# head\n', 'resources: [base]\n', '---\n'),
  tail: fc.constantFrom('', '# tail\n', 'namespace: x\n', '\n\n'),
  eol: lineEnd,
  hasMark: fc.boolean(),
  hasFinalNewline: fc.boolean(),
});
type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

function writeFile(shape: File, isAfter: boolean): string {
  const entries = shape.entries.map((entry, index) => {
    const isBumped = isAfter && entry.isWanted;
    return writeEntry(`image-${index}`, { ...entry, indent: shape.indent }, isBumped ? entry.to : undefined);
  });
  const text = `${shape.head}images:\n${entries.join('')}${shape.tail}`;
  const ended = shape.hasFinalNewline ? text : text.replace(/\n$/, '');
  return (shape.hasMark ? '\ufeff' : '') + ended.replaceAll('\n', shape.eol);
}

function wantedOf(shape: File): Map<string, Digest> {
  return new Map(
    shape.entries.flatMap((entry, index) => (entry.isWanted ? [[`image-${index}`, entry.to] as const] : [])),
  );
}

/** Quoting of new fields and a new last line follow rules of their own: compared by meaning only. */
function isExact(shape: File): boolean {
  return shape.entries.every((entry) => !entry.isWanted || entry.state === 'digest' || entry.state === 'tag');
}

test('a random file: the wanted digests, every other byte as it was, and nothing to do the second time', () => {
  fc.assert(
    fc.property(file, (shape) => {
      const wanted = wantedOf(shape);
      const before = writeFile(shape, false);
      const { text, changes } = setDigests(before, 'k.yaml', wanted);
      if (isExact(shape)) expect(text).toBe(writeFile(shape, true));
      expect(parse(text.replace('\ufeff', ''))).toEqual(parse(writeFile(shape, true).replace('\ufeff', '')));
      expect(setDigests(text, 'k.yaml', wanted)).toEqual({ text, changes: [] });
      for (const { line, to } of changes) expect(text.split('\n')[line - 1]).toContain(to);
      expect(withoutWords(text)).toBe(withoutWords(before));
    }),
    { numRuns: 2_000 },
  );

  /** Comments and structure: everything but the fields that may change. */
  function withoutWords(text: string): string {
    return text.replace(/(["']?)(digest|newTag)\1: +(["']?)(sha256:[0-9a-f]{64}|v1\.4)\3|[\s,-]/g, '');
  }
});

/** A mapping of YAML that refers to itself in every way: anchors, aliases and merge keys at random places. */
const tangled = fc.array(
  fc.record({
    anchor: fc.constantFrom('', '&a ', '&b '),
    merge: fc.constantFrom('', '<<: *a', '<<: *b', '<<: [*a, *b]'),
    value: fc.constantFrom('sha256:00', '&d sha256:00', '*d', '&a sha256:00', '*a', ''),
    key: fc.constantFrom('digest', 'newTag'),
  }),
  { minLength: 1, maxLength: 4 },
);

test('whatever anchors tie together: the other images keep what they had, or the file is refused', () => {
  const outcomes = { refused: 0, changed: 0 };
  fc.assert(
    fc.property(tangled, fc.nat(3), digest, (entries, at, to) => {
      const lines = entries.map(({ anchor, merge, value, key }, index) => {
        const fields = [
          `name: image-${index}`,
          ...(merge === '' ? [] : [merge]),
          ...(value === '' ? [] : [`${key}: ${value}`]),
        ];
        return `- ${anchor}\n  ${fields.join('\n  ')}\n`;
      });
      const before = `images:\n${lines.join('')}`;
      const index = at % entries.length;
      try {
        const { text } = setDigests(before, 'k.yaml', new Map([[`image-${index}`, to]]));
        const [was, is] = [before, text].map((yaml) => parse(yaml, { merge: true }).images);
        delete was[index].newTag;
        was[index].digest = to;
        expect(is).toEqual(was);
        outcomes.changed++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        outcomes.refused++;
      }
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(outcomes.refused, outcomes.changed)).toBeGreaterThan(100);
});
