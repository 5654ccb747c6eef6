import { afterAll, describe, expect, test } from '@jest/globals';
import { parseReference } from '#core/registry/image-reference.ts';
import { ACCEPTED } from './accepted-references.ts';
import { REFUSED } from './refused-references.ts';

/** Inputs that we read in another way on purpose, each with the reason. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {};

const rows: readonly (readonly [string, string | undefined])[] = [
  ...Object.values(ACCEPTED).flat(),
  ...Object.values(REFUSED).flatMap((texts) => texts.map((text) => [text, undefined] as const)),
];

function read(text: string): string | undefined {
  const reference = parseReference(text);
  if (typeof reference === 'string') return undefined;
  const { domain, path, tag, digest } = reference;
  const behind = [...(tag === undefined ? [] : [`:${tag}`]), ...(digest === undefined ? [] : [`@${digest}`])];
  return [domain || '-', path, ...behind].join(' ');
}

describe('a reference is read as distribution/reference reads it', () => {
  test.each(Object.entries(ACCEPTED))('%s', (_topic, cases) => {
    const wanted = cases.filter(([text]) => !(text in KNOWN_DIFFERENCES));
    expect(wanted.map(([text]) => [text, read(text)])).toEqual(wanted);
  });

  test.each(Object.entries(REFUSED))('%s: refused', (_topic, texts) => {
    const wanted = texts.filter((text) => !(text in KNOWN_DIFFERENCES));
    expect(wanted.filter((text) => read(text) !== undefined)).toEqual([]);
  });

  test('each known difference is one, and no input is there twice', () => {
    const same = rows.filter(([text, expected]) => text in KNOWN_DIFFERENCES && read(text) === expected);
    expect(same).toEqual([]);
    expect(new Set(rows.map(([text]) => text)).size).toBe(rows.length);
  });
});

afterAll(() => {
  const differences = Object.entries(KNOWN_DIFFERENCES).map(
    ([text, reason]) => `\n  ${JSON.stringify(text)}: ${reason}`,
  );
  process.stdout.write(
    `references: ${rows.length} cases, ${differences.length} known differences${differences.join('')}\n`,
  );
});
