import { describe, expect, test } from '@jest/globals';
import { findNearest, suggestName } from '#core/values/suggest.ts';

describe('findNearest', () => {
  test.each([
    ['on-psuh', ['on-push', 'by-hand'], 'on-push'],
    ['ON-PUSH', ['on-push'], 'on-push'],
    ['kep', ['keep'], 'keep'],
    ['keeep', ['keep'], 'keep'],
    ['kxxp', ['keep'], 'keep'],
    ['kxxx', ['keep'], undefined],
    ['production-eu', ['production'], 'production'],
    ['production-west', ['production'], 'production'],
    ['production-west2', ['production'], undefined],
    ['b', ['ab', 'b', 'cb'], 'b'],
    ['stage', [], undefined],
  ])('%s of %j', (text, names, nearest) => {
    expect(findNearest(text, names)).toBe(nearest);
  });
});

describe('suggestName', () => {
  test.each([
    ['stagin', ['staging', 'production'], '; did you mean "staging"?'],
    ['elsewhere', ['staging', 'production'], '; there are staging, production'],
    ['elsewhere', [], ''],
  ])('%s of %j', (text, names, ending) => {
    expect(suggestName(text, names)).toBe(ending);
  });
});
