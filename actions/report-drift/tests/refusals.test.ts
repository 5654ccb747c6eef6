import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { describeError, isExpected } from '#core/values/errors.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { type Fault, type IssueWorld, openIssueWorld } from '#tests/support/issues.ts';
import { DRIFT, NOTHING } from './reports.ts';

let world: IssueWorld;

beforeAll(async () => {
  world = await openIssueWorld();
});

afterEach(() => {
  for (const list of [world.issues, world.faults]) list.length = 0;
});

afterAll(() => world.close());

const look = (report: string, run: number, inputs: Readonly<Record<string, string>> = {}) =>
  world.reportDrift({ reports: { 'aws.json': report }, run, inputs });

const expectSentence = (name: string, error: unknown): void => {
  if (!isExpected(error)) throw error;
  const sentence = describeError(error).replace(/127\.0\.0\.1:\d+/g, 'github.example');
  expectGolden(join(import.meta.dirname, 'golden', 'refusals', `${name}.txt`), `${sentence}\n`);
};

describe('each refusal is red, says what to do, and leaves the full result in the summary', () => {
  const opening = /^POST \/issues$/;
  const always = (fault: Fault): Fault[] => Array.from({ length: 60 }, () => fault);
  const limit = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.UTC(2030, 0, 2, 12, 20) / 1000) };
  const cases: [string, Fault[]][] = [
    ['turned-off', [{ match: opening, status: 410, message: 'Issues are disabled for this repo' }]],
    ['no-right', [{ match: opening, status: 403, message: 'Resource not accessible by integration' }]],
    ['no-right-to-read', [{ match: /^GET/, status: 403, message: 'Resource not accessible by integration' }]],
    ['unknown-token', [{ match: /^GET/, status: 401, message: 'Bad credentials' }]],
    ['not-found', [{ match: /^GET/, status: 404, message: 'Not Found' }]],
    ['too-long', [{ match: opening, status: 422, message: 'Validation Failed: body is too long' }]],
    ['limit', [{ match: opening, status: 403, message: 'API rate limit exceeded', headers: limit }]],
    ['no-answer', always({ match: opening, status: 503 })],
    ['no-answer-to-a-question', always({ match: /^GET/, status: 500 })],
  ];
  test.each(cases)('%s', async (name, faults) => {
    world.faults.push(...faults);
    const { error, summary, outputs } = await look(DRIFT, 1);
    expectSentence(name, error);
    expect(summary).toMatch(/^### ❌ Not known, or not written: 1 of 1\n/);
    expect(summary).toContain('+ ttl[0].attribute_name = "expires"');
    expect(outputs).toMatchObject({ issues: expect.stringContaining('"failed"'), drifted: '["aws"]' });
    expect(world.issues).toEqual([]);
  });

  test('locked: what it says is up to date, and the comment is missing', async () => {
    await look(DRIFT, 1);
    Object.assign(world.issues[0] ?? {}, { locked: true });
    const { error } = await look(NOTHING, 2);
    expectSentence('locked', error);
    expect(world.issues).toMatchObject([{ state: 'closed', comments: [] }]);
    Object.assign(world.issues[0] ?? {}, { locked: false });
    expect((await look(NOTHING, 3)).error).toBeUndefined();
  });

  test('other-account: the issue is taken back', async () => {
    const { error } = await look(DRIFT, 1, { identity: '7' });
    expectSentence('other-account', error);
    expect(world.issues).toMatchObject([{ state: 'closed', body: 'Opened by the wrong account.' }]);
    expect((await look(DRIFT, 2, { identity: '41898282' })).error).toBeUndefined();
  });
});

describe('inputs that cannot be meant', () => {
  test.each([
    ['no-reports', { reports: '' }],
    ['outside', { reports: '../aws.json' }],
    ['no-token', { token: '' }],
    ['identity', { identity: 'slipway[bot]' }],
  ])('%s', async (name, inputs) => {
    expectSentence(`input-${name}`, (await look(DRIFT, 1, inputs)).error);
  });
});
