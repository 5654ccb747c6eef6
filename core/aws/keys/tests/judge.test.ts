import { describe, expect, test } from '@jest/globals';
import { judgeKey, type KeySituation, type KeyUse } from '#core/aws/keys/judge.ts';

const at = (hour: number): Date => new Date(Date.UTC(2026, 2, 1, hour));
const key = (id: string, lastUsedAt?: Date, isActive = true): KeyUse => ({
  id,
  createdAt: at(0),
  isActive,
  lastUsedAt,
});
const now = at(100);
const judge = (old: KeyUse, stored: KeyUse | undefined, more: Partial<KeySituation> = {}) =>
  judgeKey(old, { keys: stored === undefined ? [old] : [old, stored], stored: 'NEW', now, quietHours: 24, ...more });
const kept = (reason: string) => ({ kind: 'kept', reason });

test('a key goes when it was quiet for a day while the new one was used', () => {
  expect(judge(key('OLD', at(76)), key('NEW', at(99)))).toEqual({ kind: 'removable' });
  expect(judge(key('OLD', at(10)), key('NEW', at(11)))).toEqual({ kind: 'removable' });
  expect(judge(key('OLD', at(99)), key('NEW', at(100)), { quietHours: 1 })).toEqual({ kind: 'removable' });
});

test('a key that is inactive goes beside one that is active, used or not', () => {
  expect(judge(key('OLD', at(99), false), key('NEW'))).toEqual({ kind: 'removable' });
  expect(judge(key('NEW', undefined, false), key('OLD'))).toEqual({ kind: 'removable' });
});

describe('a key that may be in use stays', () => {
  test.each<[string, KeyUse, KeyUse | undefined, string]>([
    ['used an hour less than a day ago', key('OLD', at(77)), key('NEW', at(99)), 'used lately'],
    ['used after the new one, long ago', key('OLD', at(50)), key('NEW', at(49)), 'used last'],
    ['used in the same second as the new one', key('OLD', at(50)), key('NEW', at(50)), 'used last'],
    ['no use known', key('OLD'), key('NEW', at(99)), 'never used'],
    ['no use of the new one known', key('OLD', at(1)), key('NEW'), 'the stored one is not used yet'],
    ['the new one inactive', key('OLD', at(1)), key('NEW', at(99), false), 'the stored one is inactive'],
    ['both inactive', key('OLD', at(1), false), key('NEW', at(99), false), 'no other is active'],
    ['the parameter names a key that is gone', key('OLD', at(1)), undefined, 'the stored one is unknown'],
    ['the one in the parameter', key('NEW', at(1)), key('OLD', at(99)), 'stored'],
  ])('%s', (_name, old, stored, reason) => expect(judge(old, stored)).toEqual(kept(reason)));

  test('the parameter lost', () => {
    expect(judge(key('OLD', at(1)), key('NEW', at(99)), { stored: undefined })).toEqual(
      kept('the stored one is unknown'),
    );
  });
});
