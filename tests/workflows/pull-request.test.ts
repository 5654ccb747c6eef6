import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { shouldRun } from '#lab/github/runner/condition.ts';
import type { Value } from '#lab/github/runner/expression.ts';
import { parseWorkflow, startsOnPull } from '#lab/github/runner/workflow.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const path = '.github/workflows/pull-request.yml';
const workflow = parseWorkflow(path, readFileSync(join(repositoryRoot, path), 'utf8'));

type Needs = Parameters<typeof shouldRun>[1];

/** The jobs that an event runs, where those that they need end well. */
function listJobs(event: Record<string, Value>): string[] {
  const repository = 'acme/tenant';
  const pull_request = { number: 7, head: { repo: { full_name: repository } } };
  const values = { github: { repository, event: { pull_request, ...event } } };
  const ended = new Map<string, { result: string; outputs: Record<string, string> }>();
  for (const [id, job] of workflow.jobs) {
    const needs = new Map(job.needs.map((need) => [need, ended.get(need)])) as Needs; // the results are words
    const result = shouldRun(job, needs, { values }) ? 'success' : 'skipped';
    ended.set(id, { result, outputs: { stacks: '["aws"]' } });
  }
  return [...ended].flatMap(([id, { result }]) => (result === 'success' ? [id] : []));
}

const ALL = ['reach', 'manifests', 'plan', 'comment'];

test.each(['opened', 'synchronize', 'reopened', 'edited'])('%s starts it', (action) => {
  expect(startsOnPull(workflow, action, 'main', ['a'])).toBe(true);
});

test.each(['opened', 'synchronize', 'reopened'])('%s: all is looked at', (action) => {
  expect(listJobs({ action })).toEqual(ALL);
});

test('moved to another branch, all is looked at again; with a new title or text, nothing', () => {
  const base = { ref: { from: 'release' }, sha: { from: '0'.repeat(40) } };
  expect(listJobs({ action: 'edited', changes: { base } })).toEqual(ALL);
  expect(listJobs({ action: 'edited', changes: { title: { from: 'x' }, base } })).toEqual(ALL);
  expect(listJobs({ action: 'edited', changes: { title: { from: 'x' } } })).toEqual([]);
  expect(listJobs({ action: 'edited', changes: {} })).toEqual([]);
});
