import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const folder = join(repositoryRoot, 'terraform');
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const REPORT = /^\[[\w-]+#(\d+)\]\(https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(?:issues|pull)\/\1\)$/;

/** Returns the cells of each row of the table in a document, below its head. */
function readRows(document: string): string[][] {
  const rows = document.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) => row.slice(2, -2).split(' | '));
}

/** Returns what is wrong with a row, one sentence each. */
function checkRow([report = '', ...cells]: readonly string[]): string[] {
  const [, name = '', path = ''] = /^\[(.+)\]\((.+)\)$/.exec(cells.at(-1) ?? '') ?? [];
  const file = join(folder, path);
  return [
    ...(cells.length === 3 && cells.every((cell) => cell.trim() !== '') ? [] : [`${report}: a cell is missing`]),
    ...(REPORT.test(report) ? [] : [`${report} is not a link to an issue or a pull request with its number`]),
    ...(path !== '' && existsSync(file) && /\.(ts|tftest\.hcl)$/.test(path)
      ? [`'${name}'`, `"${name}"`].some((quoted) => readFileSync(file, 'utf8').includes(quoted))
        ? []
        : [`${report}: ${path} has no test '${name}'`]
      : [`${report}: there is no test file ${path}`]),
  ];
}

test('each report has its thread, an answer, and a test of that name', () => {
  const rows = readRows(read('REPORTS.md'));
  expect(rows.flatMap(checkRow)).toEqual([]);
  expect(new Set(rows.map(([report]) => report)).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThanOrEqual(12);
});

test('terraform/README.md leads there', () => {
  expect(read('README.md')).toContain('](REPORTS.md)');
});

const report = '[a#1](https://github.com/b/a/issues/1)';
const absent = ['no', 'such'].join(' ');
const shows = '[terraform/README.md leads there](../tests/contract/reports.test.ts)';
test.each([
  ['nothing in a good row', [report, 'x', 'y', shows], []],
  ['an answer that is missing', [report, 'x', shows], [`${report}: a cell is missing`]],
  [
    'another address',
    ['[a#1](https://example.com/b/a/issues/1)', 'x', 'y', shows],
    ['[a#1](https://example.com/b/a/issues/1) is not a link to an issue or a pull request with its number'],
  ],
  [
    'another number',
    ['[a#2](https://github.com/b/a/issues/1)', 'x', 'y', shows],
    ['[a#2](https://github.com/b/a/issues/1) is not a link to an issue or a pull request with its number'],
  ],
  ['a file that is gone', [report, 'x', 'y', '[z](gone.ts)'], [`${report}: there is no test file gone.ts`]],
  [
    'a test that is gone',
    [report, 'x', 'y', `[${absent}](../tests/contract/reports.test.ts)`],
    [`${report}: ../tests/contract/reports.test.ts has no test '${absent}'`],
  ],
])('the rule finds %s', (_name, row, expected) => {
  expect(checkRow(row)).toEqual(expected);
});
