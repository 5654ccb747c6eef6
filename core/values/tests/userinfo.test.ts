import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeMarkdown, inlineCode, link } from '#core/values/markdown.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

describe('credentials of URLs are hidden', () => {
  test.each([
    ['https://name:word@host/path', 'https://***@host/path'],
    ['https://ghp_word@github.com/a/b', 'https://***@github.com/a/b'],
    ['https://name:w%40rd%2F@host', 'https://***@host'],
    ['https://name:w@rd@host/@scope', 'https://***@host/@scope'],
    [
      "fatal: unable to access 'http://n:w@h:80/': 403, then HTTPS://n:w@h",
      "fatal: unable to access 'http://***@h:80/': 403, then HTTPS://***@h",
    ],
    ['ssh://name:word@host/path', 'ssh://***@host/path'],
    ['git+https://n:w@h and ftp://n:w@h', 'git+https://***@h and ftp://***@h'],
    ['?to=https%3A%2F%2Fname%3Aword%40host%2Fpath', '?to=https%3A%2F%2F***%40host%2Fpath'],
    ['?to=https%3a%2f%2fname:word%40host', '?to=https%3a%2f%2f***%40host'],
  ])('%s', (text, shown) => {
    expect(hideUserinfo(text)).toBe(shown);
  });

  test('whatever they are, in a log, in a summary and in a link', () => {
    const part = fc.string({ unit: fc.constantFrom(...'abcXYZ0189-._~!$&*+,;=%'), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(part, part, (name, word) => {
        const url = `https://${name}:${word}@host.example/path`;
        expect(hideUserinfo(`see ${url}.`)).toBe('see https://***@host.example/path.');
        expect(inlineCode(url)).toBe('`https://***@host.example/path`');
        expect(escapeMarkdown(url)).toBe(escapeMarkdown('https://***@host.example/path'));
        expect(link('x', url)).toBe('[x](https://***@host.example/path)');
      }),
    );
  });
});

test.each([
  'ssh://git@github.com/a/b',
  'git@github.com:a/b',
  'https://packages.example/@types/node',
  'oci://registry.example/app@sha256:0',
  'registry.example/app@sha256:0',
  'see https://host, or write to a@b.example',
  '["https://host","a@b.example"]',
  'https://host/?mail=a@b.example',
])('what is none stays as it is: %s', (text) => {
  expect(hideUserinfo(text)).toBe(text);
});
