import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseUntil } from '#core/release/until.ts';
import { InputError } from '#core/values/errors.ts';

const NOW = new Date('2026-01-02T12:00:00Z');
const until = (text: string): string => parseUntil('until', text, NOW).toISOString();

test.each([
  ['90m', '2026-01-02T13:30:00.000Z'],
  ['8h', '2026-01-02T20:00:00.000Z'],
  ['3d', '2026-01-05T12:00:00.000Z'],
  ['366d', '2027-01-03T12:00:00.000Z'],
  ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
  ['2026-12-24T18:00Z', '2026-12-24T18:00:00.000Z'],
  ['2026-12-24T18:00:00.5+05:30', '2026-12-24T12:30:00.500Z'],
  ['2026-01-02T08:00:00-05:00', '2026-01-02T13:00:00.000Z'],
  ['2026-01-02T12:00:00.001Z', '2026-01-02T12:00:00.001Z'],
])('%s ends at %s', (text, expected) => {
  expect(until(text)).toBe(expected);
});

describe('refused', () => {
  const form = 'is neither a time with its zone (2026-12-24T18:00:00Z) nor a span (90m, 8h, 3d): write one of them';
  test.each([
    ['2026-12-24', form],
    ['2026-12-24T18:00:00', form],
    ['2026-12-24 18:00:00Z', form],
    ['2026-02-30T00:00:00Z', form],
    ['2026-13-01T00:00:00Z', form],
    ['2026-06-01T25:00:00Z', form],
    ['2026-06-01T12:00:00+99:99', form],
    ['tomorrow', form],
    ['', form],
    ['8', form],
    ['8 h', form],
    ['-8h', form],
    ['1.5h', form],
    ['8H', form],
    ['1w', form],
    ['9999999d', form],
    ['8h\n', form],
    ['0m', 'is over already: it is 2026-01-02T12:00Z'],
    ['2026-01-02T12:00:00Z', 'is over already: it is 2026-01-02T12:00Z'],
    ['2020-01-01T00:00:00Z', 'is over already: it is 2026-01-02T12:00Z'],
    ['367d', 'is more than a year away: leave it empty to hold until a person lets go'],
    ['2030-01-01T00:00:00Z', 'is more than a year away: leave it empty to hold until a person lets go'],
  ])('%j', (text, expected) => {
    expect(() => parseUntil('until', text, NOW)).toThrow(new InputError('until', text, expected));
  });

  test('whatever the text, the answer is a moment of the next year or an error for people', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{1,7}[mhdw]$/), fc.stringMatching(/^[-0-9T:Z+.]*$/)),
        (text) => {
          try {
            const end = parseUntil('until', text, NOW).getTime() - NOW.getTime();
            expect(end > 0 && end <= 366 * 86_400_000).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
    );
  });
});
