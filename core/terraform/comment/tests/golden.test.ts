import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { COMMENT_LIMIT } from '#core/comment/outline.ts';
import { findLive } from '#tests/support/gfm.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { CASES } from './cases.ts';
import { type Rendering, render } from './plan-builder.ts';

const golden = join(import.meta.dirname, 'golden');
const recorded = readdirSync(golden).filter((name) => existsSync(join(golden, name, 'main.tf')));
/** Larger plans are made by cases.ts alone. */
const LARGEST = 30_000;

function expectComment(name: string, rendering: Rendering): void {
  const comment = render(rendering);
  expect(findLive(comment)).toEqual([]);
  expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(COMMENT_LIMIT);
  expectGolden(join(golden, name, 'comment.md'), comment);
}

describe('plans that Terraform made', () => {
  test.each(recorded)('%s', (name) => {
    const plan: object = JSON.parse(readFileSync(join(golden, name, 'plan.json'), 'utf8'));
    expectComment(name, { plans: { [name]: plan } });
  });
});

describe('plans that it seldom makes', () => {
  test.each(Object.entries(CASES))('%s', (name, rendering) => {
    expectComment(name, rendering);
    const { plans, approved } = rendering;
    const [plan, ...more] = Object.values(plans);
    const written = JSON.stringify(
      more.length === 0 && approved === undefined ? plan : { plans, approved },
      undefined,
      1,
    );
    if (written.length < LARGEST) expectGolden(join(golden, name, 'plan.json'), `${written}\n`);
  });
});

test('there is a case for each golden folder', () => {
  expect(readdirSync(golden).toSorted()).toEqual([...recorded, ...Object.keys(CASES)].toSorted());
});
