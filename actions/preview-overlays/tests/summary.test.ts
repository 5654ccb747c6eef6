import { expect, test } from '@jest/globals';
import { createReport, type Entry } from '#core/manifests/report.ts';
import { parseCommitSha } from '#core/values/reference.ts';
import { readInputs } from '../src/inputs.ts';
import { renderSummary } from '../src/summary.ts';

const commits = { base: parseCommitSha('base', '1'.repeat(40)), head: parseCommitSha('head', '2'.repeat(40)) };
const page = { repositoryUrl: 'https://github.example/acme/tenant' };
const summarize = (entries: readonly Entry[], notes: readonly string[] = []): string =>
  renderSummary(
    {
      ...commits,
      environments: ['production'],
      reports: [createReport({ name: 'production', ...commits, notes: [...notes] }, entries)],
    },
    page,
  );

test('what a manifest holds cannot become markup', () => {
  const hostile = '</code></summary></details><img src=x> @everyone #1 [x](javascript:1) ```';
  const page = summarize(
    [{ group: 'change', label: hostile, note: hostile, diff: `+ ${hostile}\n+ ::error::x` }],
    [hostile],
  );
  const outside = page.replace(/^````diff\n[\s\S]*?\n````$/m, '').replace(/(?<=<summary>).*<code>.*<\/code>/, '');
  expect(outside).not.toBe(page);
  expect(outside).not.toMatch(/<img|@everyone|\[x\]|```|<\/code><\/summary>/);
  expect(outside.match(/<\/details>/g)).toHaveLength(1);
  expect(page).not.toMatch(/^::error/m);
});

test('a summary stays below what GitHub takes: diffs go first, the words stay', () => {
  const diff = Array.from({ length: 300 }, () => `+ ${'x'.repeat(200)}`).join('\n');
  const entries = Array.from(
    { length: 100 },
    (_, at): Entry => ({ group: 'change', label: `ConfigMap/${at}`, note: 'It changes.', diff }),
  );
  const summary = summarize(entries);
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  expect(summary.match(/It changes/g)).toHaveLength(100);
  expect(summary.match(/^… \d+ more lines$/gm)).toHaveLength(100); // what is cut is counted
  expect(summary).toContain('Some details are left out: see the report.');
});

test('entries without room for their words are counted', () => {
  const entries = Array.from(
    { length: 2_000 },
    (_, at): Entry => ({ group: 'add', label: `ConfigMap/${at}`, note: 'x'.repeat(600), diff: '' }),
  );
  const summary = summarize(entries);
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  const shown = summary.match(/<li>/g)?.length ?? 0;
  expect(shown).toBeGreaterThan(1_000);
  expect(summary).toContain(
    `${(2_000 - shown).toLocaleString('en-US')} more new objects (${(2_000 - shown).toLocaleString('en-US')} \`ConfigMap\`): see the report.`,
  );
});

test('inputs that are no commits, and an empty report, are refused', () => {
  const inputs = { base: '1'.repeat(40), head: '2'.repeat(40), config: 'slipway.yaml', report: 'r.json' };
  const read = (changed: object) => () => {
    const all: Record<string, string> = { ...inputs, ...changed };
    return readInputs({ input: (name) => all[name] ?? '' });
  };
  expect(read({})()).toEqual({ ...inputs, artifacts: false, kubeconform: '', schemas: [], token: '' });
  expect(read({ base: '' })).toThrow(/^base: "" is not a commit/);
  expect(read({ head: 'main' })).toThrow(/^head: "main" is not a commit/);
  expect(read({ config: '../x' })).toThrow(/^config: /);
  expect(read({ report: '' })).toThrow(/^report: "" is empty: give the file/);
});
