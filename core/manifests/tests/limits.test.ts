import { expect, test } from '@jest/globals';
import { compareManifests } from '#core/manifests/compare.ts';
import { readObjects } from '#core/manifests/objects.ts';
import { createReport, reportsSchema } from '#core/manifests/report.ts';

const map = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata:\n${data}`;
const compare = (before: string, after: string) =>
  compareManifests({ before: readObjects([before]), after: readObjects([after]) });

test('a value of 1.1 MB with one changed line takes less than 4 KB and 2 s', () => {
  const text = (line: string): string =>
    map(
      `  big: |\n${Array.from({ length: 20_000 }, (_, at) => `    ${at === 9_000 ? line : `${at} `.padEnd(52, 'x')}`).join('\n')}\n`,
    );
  expect(text('').length).toBeGreaterThan(1_100_000);
  const started = performance.now();
  const [entry] = compare(text('one'), text('other'));
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(entry?.diff).toContain('-     one\n+     other');
  expect(entry?.diff.length).toBeLessThan(4_096);
});

test('of very many changes the first are shown and the others counted; a very long line is cut', () => {
  const keys = (value: string): string =>
    map(Array.from({ length: 1_000 }, (_, at) => `  k${at}: ${value}\n`).join(''));
  const [entry] = compare(keys('a'), keys('b'));
  expect(entry).toMatchObject({
    note: 'No workload of this overlay reads it.',
    diff: expect.stringMatching(/\n {2}… 1,700 more lines$/),
  });
  const [long] = compare(
    map(`  a: ${'x'.repeat(100_000)}\n`),
    map(`  a: ${'x'.repeat(50_000)}y${'x'.repeat(50_000)}\n`),
  );
  expect(long?.diff.length).toBeLessThan(1_000);
  const [added] = compareManifests({ before: [], after: readObjects([map(`  a: ${'x'.repeat(100_000)}\n`)]) });
  expect(added?.diff.length).toBeLessThan(1_000);
});

test('the form of the report refuses a diff with a line that is none', () => {
  const commits = { base: '1'.repeat(40), head: '2'.repeat(40) };
  const report = (diff: string) =>
    createReport({ name: 'production', ...commits, notes: [] }, [{ group: 'add', label: 'a', note: 'b', diff }]);
  expect(reportsSchema.safeParse([report('+ a\n- b\n  c')]).success).toBe(true);
  for (const diff of ['a', '+ a\n::error::x', '+ a\r::x'])
    expect(reportsSchema.safeParse([report(diff)]).success).toBe(false);
});
