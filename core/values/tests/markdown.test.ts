import { describe, expect, test } from '@jest/globals';
import {
  codeBlock,
  escapeMarkdown,
  htmlCode,
  inlineCode,
  link,
  showCount,
  showInvisible,
  table,
} from '#core/values/markdown.ts';

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
    ['#\u0000#[error]x', '`#\\u0023[error]x`'],
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

describe('codeBlock', () => {
  test.each<[string[], string]>([
    [['a'], '```diff\na\n```'],
    [['a ``` b', '`````'], '``````diff\na ``` b\n`````\n``````'],
    [['\ttab\u0000\u001b[31m'], '```diff\n\ttab[31m\n```'],
    [['::error::x', '  ::x', 'a ::x'], '```diff\n\\u003a:error::x\n  \\u003a:x\na ::x\n```'],
    [['- a ##[error]x'], '```diff\n- a #\\u0023[error]x\n```'],
  ])('%j', (lines, block) => {
    expect(codeBlock(lines, 'diff')).toBe(block);
  });
});

describe('htmlCode', () => {
  test.each([
    ['a["b"]', '<code>a[&quot;b&quot;]</code>'],
    ['</code><b>&amp;', '<code>&lt;/code&gt;&lt;b&gt;&amp;amp;</code>'],
    ['one\ntwo\r', '<code>one\\u000atwo\\u000d</code>'],
    ['::x ##[y]', '<code>\\u003a:x #\\u0023[y]</code>'],
    ['https://user:pass@host', '<code>https://***@host</code>'],
  ])('%j', (text, code) => {
    expect(htmlCode(text)).toBe(code);
  });
});

describe('showInvisible', () => {
  test.each([
    ['plain ~ text', 'plain ~ text'],
    ['é 日本 שלום 👩', 'é 日本 שלום 👩'],
    ['a\u202eb\u200bc\u00a0d', 'a\\u202eb\\u200bc\\u00a0d'],
    ['\0\t\u2028\ufeff', '\\u0000\\u0009\\u2028\\ufeff'],
    ['\ud83d \u{e0041}', '\\ud83d \\u{e0041}'],
    ['\u3164\u2800', '\\u3164\\u2800'],
    ['e\u0301\u0301\u0301\u0301', 'e\u0301\u0301\u0301\\u0301'],
  ])('%j', (text, shown) => {
    expect(showInvisible(text)).toBe(shown);
  });
});

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1,000'],
  [12_345_678, '12,345,678'],
])('%d is shown as %s', (count, shown) => {
  expect(showCount(count)).toBe(shown);
});
