import { expect, test } from '@jest/globals';
import { createTokens, TOKEN_LIFE_MS } from '#lab/aws/tokens.ts';

test('a token is what docker sends as AWS with its password, and lives twelve hours', () => {
  let now = 1_000;
  const tokens = createTokens(() => now);
  const { token, expiresAt } = tokens.issue();
  expect(Buffer.from(token, 'base64').toString()).toMatch(/^AWS:.{64}$/);
  expect(expiresAt.getTime()).toBe(1_000 + TOKEN_LIFE_MS);
  expect(tokens.judge(`Basic ${token}`)).toBe('valid');
  now += TOKEN_LIFE_MS;
  expect(tokens.judge(`Basic ${token}`)).toBe('expired');
});

test('tells missing from wrong', () => {
  const tokens = createTokens();
  const { token } = tokens.issue();
  expect(tokens.judge(undefined)).toBe('missing');
  expect(tokens.judge('')).toBe('wrong');
  expect(tokens.judge(`Bearer ${token}`)).toBe('wrong');
  expect(tokens.judge(`Basic ${Buffer.from('AWS:guess').toString('base64')}`)).toBe('wrong');
});

test('tokens do not shorten one another, and all can be expired at once', () => {
  const tokens = createTokens();
  const [first, second] = [tokens.issue(), tokens.issue()];
  expect(first.token).not.toBe(second.token);
  expect(tokens.judge(`Basic ${first.token}`)).toBe('valid');
  tokens.expireAll();
  expect(tokens.judge(`Basic ${second.token}`)).toBe('expired');
});

test('a shorter life counts for tokens that are handed out after it was set', () => {
  let now = 0;
  const tokens = createTokens(() => now);
  const long = tokens.issue();
  tokens.setLife(30_000);
  const short = tokens.issue();
  now = 30_001;
  expect([long, short].map(({ token }) => tokens.judge(`Basic ${token}`))).toEqual(['valid', 'expired']);
});
