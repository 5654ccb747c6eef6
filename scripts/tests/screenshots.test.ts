import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { hashSource, renderPage, SHOTS } from '../screenshots.ts';

const root = join(import.meta.dirname, '../..');

test('each picture shows the present text, is small, and is in the README: npm run screenshots draws it', () => {
  const drawn: unknown = JSON.parse(readFileSync(join(root, 'docs/images/sources.json'), 'utf8'));
  const wanted = Object.entries(SHOTS).map(([picture, source]) => [picture, hashSource(source)]);
  expect(drawn).toEqual(Object.fromEntries(wanted));
  for (const picture of Object.keys(SHOTS)) {
    expect(statSync(join(root, 'docs/images', picture)).size).toBeLessThan(300_000);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`](docs/images/${picture})`);
  }
});

test('a page has its folds open and the lines of its diffs coloured', () => {
  const page = renderPage(
    '### a\n\n<details><summary>b</summary>\n\n```diff\n- c\n+ d\n  e\n```\n\n</details>\n',
    'x{}',
  );
  expect(page).toContain('<style>x{}');
  expect(page).toContain('<h3>a</h3>');
  expect(page).toContain('<details open><summary>b</summary>');
  expect(page).toContain('<span class="pl-md">- c</span>\n<span class="pl-mi1">+ d</span>\n  e\n');
});
