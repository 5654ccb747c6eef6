import { describe, expect, test } from '@jest/globals';
import { createScrub } from '#core/terraform/secrets.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const SECRET = 'pä<ss> "w/rd"';

describe('a secret in another form', () => {
  test.each([
    ['plain', `a${SECRET}b`, 'a(sensitive)b'],
    ['twice', `${SECRET} ${SECRET}`, '(sensitive) (sensitive)'],
    ['JSON', JSON.stringify({ a: SECRET }), '{"a":"(sensitive)"}'],
    ['JSON as Go writes it', 'pä\\u003css\\u003e \\"w/rd\\"', '(sensitive)'],
    ['percent-encoded', `?a=${encodeURIComponent(SECRET)}&b`, '?a=(sensitive)&b'],
    ['percent-encoded in small letters', '?a=p%c3%a4%3css%3e%20%22w%2frd%22', '?a=(sensitive)'],
    ['a form', 'a=p%C3%A4%3Css%3E+%22w%2Frd%22&b', 'a=(sensitive)&b'],
    ['base64', `x ${base64(SECRET)} y`, 'x (sensitive) y'],
    ['base64 behind one byte', base64(`:${SECRET}`), '(sensitive)'],
    ['base64 behind two bytes', base64(`a:${SECRET}`), '(sensitive)'],
    ['base64 in a document', `"${base64(`{"user":"app","password":${JSON.stringify(SECRET)}}`)}"`, '"(sensitive)"'],
    ['base64 for URLs', Buffer.from(`user:${SECRET}`).toString('base64url'), '(sensitive)'],
  ])('%s', (_form, text, shown) => {
    expect(createScrub([SECRET])(text)).toBe(shown);
  });

  test.each(['\n', '\r\n', '\\n', ' and '])('of several lines, its lines between %j', (between) => {
    const key = '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\nq3Zk1l0pmVY8\n-----END KEY-----\n';
    const scrub = createScrub([key]);
    const shown = scrub(`x ${key.trim().replaceAll('\n', between)} y`);
    expect(shown).not.toMatch(/MIIE|q3Zk/);
    expect(shown).toMatch(/^x .*y$/s);
  });

  test('the strings in a secret that is JSON', () => {
    const scrub = createScrub([JSON.stringify({ user: 'app', password: 'hunter2', port: 5432 })]);
    expect(scrub('postgres://app:hunter2@db:5432')).toBe('postgres://app:(sensitive)@db:5432');
  });

  test('a secret that is a part of another one', () => {
    expect(createScrub(['abcdef', 'abcdefgh', 'cdefghij'])('abcdefghij abcdef')).toBe('(sensitive)ij (sensitive)');
  });
});

describe('what would blank the page', () => {
  test.each([
    ['abc', 'abcabc'],
    ['1', 'one of 1'],
    ['true', '{"a":true,"b":"true"}'],
    ['null', 'null'],
    ['   a   ', 'a   a   a'],
    ['', 'text'],
  ])('%j is not hidden', (secret, text) => {
    expect(createScrub([secret])(text)).toBe(text);
  });

  test.each([
    ['test', 'the latest test, test_1 and tests', 'the latest (sensitive), (sensitive)_1 and tests'],
    ['5432', 'port 5432 of 15432', 'port (sensitive) of 15432'],
    ['hunter2', 'xhunter2x', 'x(sensitive)x'],
  ])('the short %j is hidden where it is meant', (secret, text, shown) => {
    expect(createScrub([secret])(text)).toBe(shown);
  });
});

test('ten thousand secrets in a megabyte take no longer than a second', () => {
  const secrets = Array.from({ length: 10_000 }, (_one, at) => `secret number ${at} is long`);
  const scrub = createScrub(secrets);
  const text = `${'a line of text that says little\n'.repeat(35_000)}${secrets[5_000]}`;
  const started = performance.now();
  expect(scrub(text).endsWith('little\n(sensitive)')).toBe(true);
  expect(performance.now() - started).toBeLessThan(1_000);
});
