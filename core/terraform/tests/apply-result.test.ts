import { expect, test } from '@jest/globals';
import { sortChanges } from '#core/terraform/apply-result.ts';
import { classify, planOf, resource } from '#core/terraform/comment/tests/plan-builder.ts';
import type { Step } from '#core/terraform/run/messages.ts';

const plan = classify(
  planOf([
    resource('a.created', ['create']),
    resource('a.replaced', ['delete', 'create']),
    resource('a.half', ['delete', 'create']),
    resource('a.broken', ['update']),
    resource('a.unsaid', ['update']),
    resource('a.hanging', ['delete']),
    resource('a.later', ['create']),
    resource('data.x', ['read']),
  ]),
);
const step = (address: string, ...states: Step['state'][]): Step[] =>
  states.map((state) => ({ address, action: 'x', state }));
const steps = [
  ...step('a.created', 'started', 'complete'),
  ...step('a.replaced', 'started', 'complete', 'started', 'complete'),
  ...step('a.half', 'started', 'complete'),
  ...step('a.broken', 'started', 'errored'),
  ...step('a.unsaid', 'started', 'complete'),
  ...step('a.hanging', 'started'),
];
const errors = [{ severity: 'error', summary: 'postcondition', detail: '', address: 'a.unsaid' }];

test('what was begun and not finished failed, and what was never begun was not reached', () => {
  expect(sortChanges(plan, { steps, errors, isDone: false })).toEqual({
    applied: ['a.created', 'a.replaced'],
    failed: ['a.half', 'a.broken', 'a.unsaid', 'a.hanging'],
    notReached: ['a.later'],
  });
});

test('after a whole apply all are applied', () => {
  const { applied, failed, notReached } = sortChanges(plan, { steps: [], errors: [], isDone: true });
  expect([applied.length, failed, notReached]).toEqual([7, [], []]);
});
