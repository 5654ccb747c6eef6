import { describe, expect, test } from '@jest/globals';
import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';

describe('escapeMarkdown', () => {
  test.each([
    ['plain words, 1.2-3', 'plain words, 1.2-3'],
    ['<img src=x onerror=y>', '&lt;img src=x onerror=y&gt;'],
    ['a &lt; b', 'a &amp;lt; b'],
    ['@everyone', '&#64;everyone'],
    ['[text](https://evil)', '&#91;text&#93;&#40;https&#58;//evil&#41;'],
    ['`code` **bold** _it_ ~~no~~', '&#96;code&#96; &#42;&#42;bold&#42;&#42; &#95;it&#95; &#126;&#126;no&#126;&#126;'],
    ['# head | cell', '&#35; head &#124; cell'],
    ['one\r\n\r\ntwo', 'one two'],
    ['a\u0000\u001b\u200b\u202eb', 'ab'],
    ['![x]', '&#33;&#91;x&#93;'],
    ['\\', '&#92;'],
    ['{+}', '&#123;&#43;&#125;'],
  ])('%j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });
});

describe('inlineCode', () => {
  test.each([
    ['main', '`main`'],
    ['', '`  `'],
    ['a`b', '``a`b``'],
    ['a``b`c', '```a``b`c```'],
    ['`a', '`` `a ``'],
    ['a`', '`` a` ``'],
    ['a|b', '`a\\|b`'],
    ['one\ntwo', '`one two`'],
    ['a\u001b[31mb', '`a[31mb`'],
  ])('%j', (text, code) => {
    expect(inlineCode(text)).toBe(code);
  });
});

describe('link', () => {
  test.each([
    ['https://github.com/o/r/commit/1', '[text](https://github.com/o/r/commit/1)'],
    ['http://127.0.0.1:8080/x', '[text](http://127.0.0.1:8080/x)'],
    ['https://h/a) [b](c', '[text](https://h/a%29%20[b]%28c)'],
    ['https://h/<a>|\tb', '[text](https://h/%3ca%3e%7c%09b)'],
    ['javascript:alert(1)', 'text'],
    ['', 'text'],
  ])('%j', (address, markdown) => {
    expect(link('text', address)).toBe(markdown);
  });
});

test('a table has a head, a rule and a line for each row', () => {
  expect(
    table(
      ['image', 'outcome'],
      [
        ['a', 'landed'],
        ['b', 'held'],
      ],
    ),
  ).toBe('| image | outcome |\n| --- | --- |\n| a | landed |\n| b | held |');
});
