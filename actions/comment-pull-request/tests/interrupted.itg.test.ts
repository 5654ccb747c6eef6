import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isExpected } from '#core/values/errors.ts';
import { type Gate, openGate, type Passing } from '#tests/support/gate.ts';
import { endAtRequest, type Signal } from '#tests/support/kill-points.ts';
import { type StepProcess, sourceOf, startStep, writeInputs } from '#tests/support/step-process.ts';
import { readDefaults } from '#tests/support/terraform.ts';
import { expectMended, look, prepare, readGiven, STARTS, type Start, write } from './interruptions.ts';
import { pull, runs, useRuns, world } from './left.ts';

useRuns();

let gate: Gate;
beforeAll(async () => {
  gate = await openGate(world.url);
});
beforeEach(() => gate.set());
afterAll(() => gate.close());

/** The requests of a whole run, and the numbers of those that write. */
const REQUESTS: Readonly<Record<Start, { readonly all: number; readonly writes: readonly number[] }>> = {
  'no comment': { all: 30, writes: [12, 22] },
  'an earlier comment': { all: 31, writes: [12, 23] },
};

/** Every moment at which something else is so at the server: before each request, and after each one that writes. */
function momentsOf(start: Start): Passing[] {
  const { all, writes } = REQUESTS[start];
  const before = Array.from({ length: all }, (_one, number) => ({ number, when: 'before' as const }));
  return [...before, ...writes.map((number) => ({ number, when: 'after' as const }))];
}

const isNearWrite = (start: Start, number: number): boolean =>
  REQUESTS[start].writes.some((write) => Math.abs(write - number) <= 1);

/** Starts comment-pull-request as the job of the run does. */
function startComment(): StepProcess {
  const root = join(mkdtempSync(join(world.root, 'step-')), 'checkout');
  const inputs = writeInputs({ ...readDefaults('comment-pull-request'), ...readGiven() });
  return startStep(
    sourceOf('comment-pull-request'),
    { root, head: pull.head.sha },
    {
      ...inputs,
      ...{ GITHUB_REPOSITORY: 'acme/tenant', GITHUB_SERVER_URL: world.url, GITHUB_API_URL: `${gate.url}/api/v3` },
      ...{ GITHUB_RUN_ID: String(runs()[0]), GITHUB_RUN_ATTEMPT: '1', GITHUB_EVENT_NAME: 'pull_request' },
    },
  );
}

const isAt = (at: Passing, { number, when }: Passing): boolean => number === at.number && when === at.when;

test.each(momentsOf('an earlier comment'))(
  'a connection that breaks once, at request $number, $when it is answered',
  async (at) => {
    await prepare('an earlier comment');
    gate.set((moment) => (isAt(at, moment) ? 'drop' : undefined));
    const { error } = await write(gate.url);
    expect([gate.seen.length > at.number, error]).toEqual([true, undefined]);
    await expectMended('an earlier comment', look());
  },
);

test.each(momentsOf('no comment'))(
  'a network that is gone from request $number on, $when it is answered',
  async (at) => {
    await prepare('no comment');
    gate.set((moment) => (moment.number > at.number || isAt(at, moment) ? 'drop' : undefined));
    const { error } = await write(gate.url);
    expect([isExpected(error), String(error)]).toEqual([true, expect.stringMatching(/run (it|the job) again/)]);
    await expectMended('no comment', look());
  },
);

describe.each(STARTS)('with %s', (start) => {
  beforeEach(() => prepare(start));

  test('a whole run makes these requests, and no others', async () => {
    expect((await write(gate.url)).error).toBeUndefined();
    const writes = gate.seen.flatMap((line, number) =>
      /^(POST|PATCH|DELETE) (?!.*graphql)/.test(line) ? [number] : [],
    );
    expect({ all: gate.seen.length, writes }).toEqual(REQUESTS[start]);
  });

  // a process for each takes a while: of a new comment, where it is written alone
  const moments = momentsOf(start).filter(({ number }) => start !== 'no comment' || isNearWrite(start, number));
  test.each(moments)('a step that is killed at request $number, $when it is answered', async (at) => {
    expect(await endAt(at, 'SIGKILL')).toBe(null);
    await expectMended(start, look());
  });

  test.each(REQUESTS[start].writes)('a step that is told to stop at request %i', async (number) => {
    expect(await endAt({ number, when: 'after' }, 'SIGINT')).toBe(null);
    await expectMended(start, look());
  });

  async function endAt(at: Passing, signal: Signal): Promise<number | null> {
    let pid = 0;
    endAtRequest(gate, at, () => pid, signal);
    const step = startComment();
    pid = step.pid;
    return (await step.ended).code;
  }
});
