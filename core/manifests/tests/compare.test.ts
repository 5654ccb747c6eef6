import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { compareManifests } from '#core/manifests/compare.ts';
import { readObjects } from '#core/manifests/objects.ts';
import { createReport, type Entry, reportsSchema } from '#core/manifests/report.ts';
import { expectGolden } from '#tests/support/golden.ts';

const golden = join(import.meta.dirname, 'golden');
const commits = { base: '1'.repeat(40), head: '2'.repeat(40) };

/** base.yaml and head.yaml are renderings; entries.txt is what is told of them, the texts as they are in the report. */
test.each(readdirSync(golden))('%s', (name) => {
  const [before, after] = ['base.yaml', 'head.yaml'].map((file) =>
    readObjects([readFileSync(join(golden, name, file), 'utf8')]),
  );
  const entries = compareManifests({ before: before ?? [], after: after ?? [] });
  const report = createReport({ name, ...commits, notes: [] }, entries);
  expect(reportsSchema.parse([report])).toEqual([report]);
  expectGolden(join(golden, name, 'entries.txt'), report.entries.map(show).join('\n'));
});

function show({ group, label, note, diff }: Entry): string {
  return `${group} ${label}\n${note}\n${diff}\n`;
}
