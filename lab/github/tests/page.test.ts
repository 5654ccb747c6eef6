import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createOpenLogs } from '#lab/github/open-logs.ts';
import { html, trust } from '#lab/github/page/html.ts';
import { renderMarkdown } from '#lab/github/page/markdown.ts';
import { renderRun, renderRuns } from '#lab/github/page/page.ts';
import { NOW, runOf } from '#lab/github/tests/open-api.ts';

const markup = (text: string): string => renderMarkdown(text).markup;

/** What might break out of the markup. */
const pieces = fc.constantFrom(
  ...['<', '>', '"', "'", '&', '`', '``', '[', '](', ')', '*', '**', '_', '|', '\n', '\0', '\0' + '0\0', '<script>'],
  ...['<details>', '</details>', '<summary>', '</summary>', '<sub>', '</sub>', 'https://x', ' onclick=', '---', '# '],
  ...['- ', '> ', '```\n', 'word', '\\', '&#60;', '<br>', '|---|\n'],
);
const allowed =
  /^<(?:\/?(?:h[1-6]|p|ul|li|blockquote|pre|code|table|thead|tbody|tr|td|th|strong|em|a|sub|sup|b|i|kbd|ol|details|summary)|hr|br|details open|ol start="\d+"|a href="https?:\/\/[^"<>\s]*" rel="noreferrer")>$/;

describe('a summary as markup', () => {
  test.each([
    ['# One', '<h1>One</h1>'],
    ['a **b** *c* _d_ snake_case_name', '<p>a <strong>b</strong> <em>c</em> <em>d</em> snake_case_name</p>'],
    ['`a < b` and ``a ` b``', '<p><code>a &#60; b</code> and <code>a ` b</code></p>'],
    [
      '[`abc`](https://x.example/a_b_c)',
      '<p><a href="https://x.example/a_b_c" rel="noreferrer"><code>abc</code></a></p>',
    ],
    ['[x](javascript:alert)', '<p>[x](javascript:alert)</p>'],
    ['a\nb\n\nc', '<p>a\nb</p><p>c</p>'],
    ['- one\n- two\n  more', '<ul><li>one</li><li>two more</li></ul>'],
    ['3. three\n4. four', '<ol start="3"><li>three</li><li>four</li></ol>'],
    ['> quoted', '<blockquote>quoted</blockquote>'],
    ['---', '<hr>'],
    ['```sh\n**x** <b>\n```', '<pre>**x** &#60;b&#62;</pre>'],
    ['```\nnever closed', '<pre>never closed</pre>'],
    [
      '| a | b |\n| --- | --- |\n| `x\\|y` | 2 |',
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><code>x|y</code></td><td>2</td></tr></tbody></table>',
    ],
    [
      '|  |  |\n| --- | --- |\n| **a** | 1 |',
      '<table><tbody><tr><td><strong>a</strong></td><td>1</td></tr></tbody></table>',
    ],
    ['<sub>small &#42; &amp;</sub>', '<p><sub>small &#42; &amp;</sub></p>'],
    ['<details><summary>More</summary>\n\ntext\n\n</details>', '<details><summary>More</summary><p>text</p></details>'],
    ['<details>\n<summary>Open</summary>', '<details><summary>Open</summary></details>'],
    ['<ul>\n<li><code>a&#42;b</code>: x</li>\n</ul>', '<ul><li><code>a&#42;b</code>: x</li></ul>'],
    ['<ul>\n<b>\n</ul>', '<p>&lt;ul&gt;\n&lt;b&gt;\n&lt;/ul&gt;</p>'],
    ['<p>a <code>b</code></p>', '<p>a <code>b</code></p>'],
    ['<code><img></code>', '<p>&lt;code&gt;&lt;img&gt;&lt;/code&gt;</p>'],
    ['</details>', '<p>&lt;/details&gt;</p>'],
    ['<script>x</script><img src=x>', '<p>&lt;script&gt;x&lt;/script&gt;&lt;img src=x&gt;</p>'],
    ['a \\* b &bogus', '<p>a * b &amp;bogus</p>'],
  ])('%j', (text, expected) => expect(markup(text)).toBe(expected));
});

describe('any text as markup', () => {
  test('what the actions write has no mark left over', () => {
    const actions = join(import.meta.dirname, '..', '..', '..', 'actions');
    const golden = readdirSync(actions, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /^[\w-]+\/tests\/golden\/[\w-]+\.md$/.test(path),
    );
    expect(golden.length).toBeGreaterThan(5);
    for (const path of golden) {
      // what a text has of its own is written as an entity, and is not a mark
      const shown = markup(readFileSync(join(actions, path), 'utf8').replaceAll('&lt;', ''));
      const words = shown.replace(/<code>.*?<\/code>|<pre>[\s\S]*?<\/pre>/g, '').replace(/<[^>]*>/g, '');
      expect([path, words.match(/\*\*|\]\(|^#|\| ---|&lt;/m)?.[0]]).toEqual([path, undefined]);
    }
  });

  test('no text makes a tag that is not allowed, or an attribute', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const shown = markup(parts.join(''));
        for (const [tag] of shown.matchAll(/<[^>]*>/g)) expect(tag).toMatch(allowed);
        const count = (tag: string): number => shown.split(tag).length - 1;
        expect(count('<details')).toBe(count('</details>'));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('pages', () => {
  const context = { repository: 'acme/tenant', remote: 'http://x@127.0.0.1:1/acme/tenant.git', now: NOW };

  test('without runs the list says how to get one', () => {
    expect(renderRuns([], context)).toContain('git clone http://x@127.0.0.1:1/acme/tenant.git');
  });

  test('a run tells how long it took, and shows its failed step open', () => {
    const end = new Date(NOW.getTime() + 125_000);
    const [build] = runOf({}).jobs;
    if (build === undefined) throw new Error('the sample has a job');
    const step = {
      name: 'Break',
      startedAt: NOW,
      milliseconds: 400,
      summary: '',
      log: ['\x1b[31mred\x1b[0m', 'error: no'],
    };
    const steps = [
      { ...step, status: 'failure' as const },
      { ...step, name: 'Fine', status: 'success' as const },
    ];
    const page = renderRun(runOf({ conclusion: 'failure', jobs: [{ ...build, endedAt: end, steps }] }), context);
    expect(page).toContain('2 min 5 s');
    expect(page.match(/<details class="step" id="step-build-\d" open>/g)).toHaveLength(1);
    expect(page).toContain('red\n<span class="bad">error: no</span>');
  });

  test('of a long log the end is shown, and what is left out is told', () => {
    const [build] = runOf({}).jobs;
    const log = Array.from({ length: 2500 }, (_none, index) => `line ${index}`);
    const steps = build?.steps.map((step) => ({ ...step, log })) ?? [];
    const page = renderRun(runOf({ jobs: build === undefined ? [] : [{ ...build, steps }] }), context);
    expect(page).toContain('500 lines before');
    expect(page).not.toContain('line 499\n');
    expect(page).toContain('line 2499\n');
  });

  test('what is filled in is escaped, unless it is markup', () => {
    expect(html`<p>${'<&"\'>'}${1}${undefined}${trust('<b>')}${[html`<i>`, html`${'&'}`]}</p>`.markup).toBe(
      '<p>&#60;&#38;&#34;&#39;&#62;1<b><i>&#38;</p>',
    );
  });
});

test('a log that anyone may read is gone after a minute', () => {
  let now = 0;
  const logs = createOpenLogs('http://x', () => now);
  const path = logs.open('words').replace('http://x', '');
  expect([logs.read(path), logs.read('/_logs/guessed')]).toEqual(['words', undefined]);
  now = 60_000;
  expect(logs.read(path)).toBeUndefined();
});
