import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setOutput } from '@actions/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatRelease, parseReleases, type Release } from '#core/release/trailer.ts';
import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

const RUNS = 10_000;
/** Anything a person or a machine could have typed, white space, controls and halves of surrogate pairs included. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom(
    '$(touch pwned)',
    '`id`',
    '::set-output name=x::y',
    '\n::error::no',
    '${{ secrets.TOKEN }}',
    '"; DROP',
    'a\0b',
    '%0A',
    '<script>',
    '\u2028',
    '-->',
    '|',
    '- name: x',
    '\r\nSlipway-Release: a/b',
  ),
);

test('a release survives its trailer, whatever its names are', () => {
  const name = fc.oneof(
    anything.filter((text) => text !== '' && !text.includes('/') && text.isWellFormed()),
    fc.constant('production'),
  );
  fc.assert(
    fc.property(
      name,
      name,
      anything.filter((text) => text.isWellFormed()),
      anything.filter((text) => text.isWellFormed()),
      (environment, image, run, actor) => {
        const release: Release = {
          environment,
          image,
          run,
          actor,
          kind: 'deploy',
          intent: '01J',
          from: undefined,
          to: `sha256:${'a'.repeat(64)}` as Digest,
          source: 'b'.repeat(40) as CommitSha,
        };
        const line = formatRelease(release);
        expect(line).not.toMatch(/[\n\r\0\u2028]/);
        expect(parseReleases(`title\n\n${line}\n`)).toEqual([release]);
      },
    ),
    { numRuns: RUNS },
  );
});

test('a line in a message that is no trailer is no release', () => {
  const line = formatRelease({
    environment: 'production',
    image: 'bot',
    run: '',
    actor: '',
    kind: 'deploy',
    intent: '',
    from: undefined,
    to: `sha256:${'a'.repeat(64)}`,
    source: 'b'.repeat(40) as CommitSha,
  });
  expect(parseReleases(line)).toEqual([]);
  expect(parseReleases(`title\n\n${line}\n\nmore text\n`)).toEqual([]);
  expect(parseReleases(`title\n\n> ${line}\n`)).toEqual([]);
  expect(parseReleases(`title\n\n${line.replace('kind=deploy', 'kind=other')}\n`)).toEqual([]);
});

describe('outputs', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-outputs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The runner's own reading of `name<<delimiter`, as its documentation describes it. */
  function read(text: string): string | undefined {
    const match = text.match(/^value<<(\S+)\n([\s\S]*)\n\1\n$/);
    return match?.[2];
  }

  test('10,000 random strings come out as they went in', () => {
    const file = join(folder, 'output');
    const before = process.env['GITHUB_OUTPUT'];
    process.env['GITHUB_OUTPUT'] = file;
    try {
      fc.assert(
        fc.property(
          anything.filter((text) => text.isWellFormed()),
          (value) => {
            writeFileSync(file, '');
            setOutput('value', value);
            expect(read(readFileSync(file, 'utf8'))).toBe(value);
          },
        ),
        { numRuns: RUNS },
      );
    } finally {
      if (before === undefined) delete process.env['GITHUB_OUTPUT'];
      else process.env['GITHUB_OUTPUT'] = before;
    }
  });
});

describe('summaries', () => {
  test('nothing in a text becomes markup, a cell or a line', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/[\n\r<>`|*_[\]()!@\\]/);
        expect(table(['a', 'b'], [[escaped, inlineCode(text)]]).split('\n')).toHaveLength(3);
      }),
      { numRuns: RUNS },
    );
  });

  test('code stays code whatever backticks it has', () => {
    expect(inlineCode('a`b``c')).toBe('```a`b``c```');
    expect(inlineCode('`a`')).toBe('`` `a` ``');
    expect(inlineCode('a|b\nc')).toBe('`a\\|b c`');
  });

  test('a link leads to http only and cannot end early', () => {
    expect(link('run', 'javascript:alert(1)')).toBe('run');
    expect(link('run', 'https://example.com/a) [b](c d')).toBe('[run](https://example.com/a%29%20[b]%28c%20d)');
  });
});

test('hostile names are inert where git and a shell could read them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-hostile-'));
  try {
    const line = formatRelease({
      environment: 'production',
      image: '$(touch pwned)',
      run: '`touch pwned`',
      actor: '"; touch pwned; "',
      kind: 'deploy',
      intent: '',
      from: undefined,
      to: `sha256:${'a'.repeat(64)}`,
      source: 'b'.repeat(40) as CommitSha,
    });
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', `title\n\n${line}`);
    expect(git('log', '--format=%(trailers:key=Slipway-Release,valueonly)').trim()).toBe(
      line.replace('Slipway-Release: ', ''),
    );
    expect(git('status', '--porcelain')).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
