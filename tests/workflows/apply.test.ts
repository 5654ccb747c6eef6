import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { shouldRun } from '#lab/github/runner/condition.ts';
import { parseWorkflow } from '#lab/github/runner/workflow.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const path = '.github/workflows/apply.yml';
const apply = parseWorkflow(path, readFileSync(join(repositoryRoot, path), 'utf8'));

describe('the comment after the merge', () => {
  const comment = apply.jobs.get('comment');

  /** Whether its job runs, by how the two before it ended. */
  function isWritten(find: string, applied: string, stacks = '["aws"]', isCancelled = false): boolean {
    if (comment === undefined) throw new Error('apply.yml has no job comment');
    const needs = new Map([
      ['find', { result: find, outputs: { stacks } }],
      ['apply', { result: applied, outputs: {} }],
      ['apply-2', { result: 'skipped', outputs: {} }],
      ['apply-3', { result: 'skipped', outputs: {} }],
    ]) as Parameters<typeof shouldRun>[1]; // the results are words
    return shouldRun(comment, needs, { isCancelled });
  }

  test.each(['success', 'failure', 'cancelled', 'skipped'])('is written where the apply is %s', (result) => {
    expect(isWritten('success', result)).toBe(true);
  });

  test('is written where the run was cancelled: what was applied by then is in AWS', () => {
    expect(isWritten('success', 'cancelled', '["aws"]', true)).toBe(true);
  });

  test('is not written where no pull request was found, or it reaches no stack', () => {
    expect([isWritten('failure', 'skipped'), isWritten('cancelled', 'skipped', '', true)]).toEqual([false, false]);
    expect(isWritten('success', 'skipped', '[]')).toBe(false);
  });

  test('tells of all stacks that the pull request reaches, also where one is meant alone', () => {
    const written = apply.written['jobs'] as Record<string, { steps: { with?: Record<string, string> }[] }>;
    const [given] = (written['comment']?.steps ?? []).flatMap(({ with: values }) => values?.['stacks'] ?? []);
    expect(given).toBe('${{ needs.find.outputs.reached }}');
  });
});
