import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { COMMENT_LIMIT } from '#core/comment/outline.ts';
import { parseReport } from '#core/terraform/comment/report.ts';
import { findLive } from '#tests/support/gfm.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { CASES } from './cases.ts';
import { type Rendering, render, reportEach } from './plan-builder.ts';

const golden = join(import.meta.dirname, 'golden');
const recorded = readdirSync(golden).filter((name) => existsSync(join(golden, name, 'main.tf')));
/** Characters of a larger file: of it the folder holds the size and the hash. */
const LARGEST = 60_000;

function expectComment(name: string, rendering: Rendering): void {
  const comment = render(rendering);
  expect(findLive(comment)).toEqual([]);
  expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(COMMENT_LIMIT);
  expectGolden(join(golden, name, 'comment.md'), comment);
}

/** What the step leaves for the jobs after it is read back by them, and is as it was. */
function expectReport(name: string, rendering: Rendering): void {
  const reports = reportEach(rendering);
  for (const report of reports) expect(parseReport('report.json', JSON.stringify(report))).toEqual(report);
  expectFile(name, 'report', reports.length === 1 ? reports[0] : reports);
}

function expectFile(name: string, what: 'plan' | 'report', value: unknown): void {
  const written = `${JSON.stringify(value, undefined, 1)}\n`;
  const sha256 = createHash('sha256').update(written).digest('hex');
  const isLarge = written.length > LARGEST;
  const text = isLarge ? `${sha256}  ${Buffer.byteLength(written)} bytes\n` : written;
  expectGolden(join(golden, name, `${what}.${isLarge ? 'sha256' : 'json'}`), text);
}

describe('plans that Terraform made', () => {
  test.each(recorded)('%s', (name) => {
    const plan: object = JSON.parse(readFileSync(join(golden, name, 'plan.json'), 'utf8'));
    expectComment(name, { plans: { [name]: plan } });
    expectReport(name, { plans: { [name]: plan } });
  });
});

describe('plans that it seldom makes', () => {
  test.each(Object.entries(CASES))('%s', (name, rendering) => {
    expectComment(name, rendering);
    expectReport(name, rendering);
    const { plans, approved } = rendering;
    const [plan, ...more] = Object.values(plans);
    expectFile(name, 'plan', more.length === 0 && approved === undefined ? plan : { plans, approved });
  });
});

test('each folder has the plan, the report and the comment', () => {
  const kinds = ['plan', 'report', 'comment'];
  const missing = readdirSync(golden).flatMap((name) => {
    const files = readdirSync(join(golden, name)).map((file) => file.split('.')[0]);
    return kinds.filter((kind) => !files.includes(kind)).map((kind) => `${name}: ${kind}`);
  });
  expect(missing).toEqual([]);
});

test('there is a case for each golden folder', () => {
  expect(readdirSync(golden).toSorted()).toEqual([...recorded, ...Object.keys(CASES)].toSorted());
});
