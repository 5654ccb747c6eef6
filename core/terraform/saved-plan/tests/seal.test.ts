import { describe, expect, test } from '@jest/globals';
import { parseKey, seal, unseal } from '#core/terraform/saved-plan/seal.ts';

const KEY = 'correct horse battery staple';
const TEXT = Buffer.from('{"password":"hunter2hunter2"}'.repeat(20));

describe('what is sealed', () => {
  const sealed = seal(TEXT, KEY);

  test('is opened with its key alone', () => {
    expect(unseal(sealed, KEY)).toEqual(TEXT);
    expect(unseal(sealed, `${KEY}.`)).toBeUndefined();
  });

  test('shows nothing of it, and is another file each time', () => {
    expect(sealed.toString('latin1')).not.toContain('hunter2');
    expect(seal(TEXT, KEY)).not.toEqual(sealed);
  });

  test('is refused with one bit flipped, at each of its parts', () => {
    for (const at of [0, 17, 33, 45, 61, sealed.length - 1]) {
      const damaged = Buffer.from(sealed);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect([at, unseal(damaged, KEY)]).toEqual([at, undefined]);
    }
  });

  test.each([0, 10, 60, 62])('is refused when only %i bytes are left', (length) => {
    expect(unseal(sealed.subarray(0, length), KEY)).toBeUndefined();
  });
});

describe('a key', () => {
  test('of twenty characters, or none, is taken', () => {
    expect([parseKey('key', ''), parseKey('key', 'x'.repeat(20))]).toEqual(['', 'x'.repeat(20)]);
  });

  test('that is short is refused without being shown', () => {
    expect(() => parseKey('key', 'hunter2')).toThrow(/^key: "7 characters" is too short .*openssl rand -base64 32/);
    expect(() => parseKey('key', 'hunter2')).not.toThrow(/hunter2/);
  });
});
