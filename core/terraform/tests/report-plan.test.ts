import { expect, test } from '@jest/globals';
import { planOf, reportEach, resource } from '#core/terraform/comment/tests/plan-builder.ts';

const destroys = (count: number): object =>
  planOf(
    Array.from({ length: count }, (_one, at) => resource(`aws_dynamodb_table.t${at}`, ['delete'], { before: { at } })),
  );
const summarize = (count: number, errors: readonly string[] = []): string =>
  reportEach({ plans: { aws: destroys(count) }, errors })[0]?.summaryMarkdown ?? '';

test('a plan that ended in an error is saved nowhere: what the guard finds in it cannot be allowed', () => {
  const summary = summarize(1, ['Invalid index']);
  expect(summary).toContain(
    '**The destroy guard would hold this plan**: <code>aws_dynamodb_table.t0</code> is destroyed. A plan with an error is not saved, so there is nothing to allow yet: correct the error, and the next plan says how.',
  );
  expect(summary).not.toContain('gh workflow run');
  expect(summarize(1)).toContain('gh workflow run apply.yml -f pull-request=7 -f stack=aws -f allow=');
});

test.each([
  [10, 'once it is merged: `gh workflow run'],
  [11, 'once it is merged, all in one run: add the other one to `allow`: `gh workflow run'],
  [30, 'once it is merged, all in one run: add the other 20 to `allow`: `gh workflow run'],
])('of %i that the guard holds, the command names ten, and one run has to allow all', (count, words) => {
  const summary = summarize(count);
  expect(summary).toContain(words);
  expect(summary.match(/aws_dynamodb_table\.t\d+ [0-9a-f]{64}/g)).toHaveLength(10);
});
