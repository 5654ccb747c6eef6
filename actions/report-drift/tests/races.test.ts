import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { IssueChange } from '#core/github/issues.ts';
import { BOT, type IssueWorld, openIssueWorld } from '#tests/support/issues.ts';
import type { Ports } from '../src/ports.ts';
import { CODE, DRIFT, NOTHING, OTHER_DRIFT } from './reports.ts';

let world: IssueWorld;

beforeAll(async () => {
  world = await openIssueWorld();
});

afterEach(() => {
  for (const list of [world.issues, world.heard, world.faults]) list.length = 0;
});

afterAll(() => world.close());

const look = (aws: string, run: number, more: { attempt?: number; around?: (ports: Ports) => Ports } = {}) =>
  world.reportDrift({ reports: { 'aws.json': aws }, run, ...more });
const outcomeOf = ({ outputs }: { outputs: Readonly<Record<string, string>> }): string =>
  JSON.parse(outputs['issues'] ?? '[{}]')[0].outcome;
const runOf = (at = 0): string => / run=(\d+) /.exec(world.issues[at]?.body ?? '')?.[1] ?? '';

/** Does something before the first request of a kind. */
function comeBefore(verb: 'create' | 'update', first: () => Promise<unknown>): (ports: Ports) => Ports {
  let isFirst = true;
  const once = async (): Promise<void> => {
    if (isFirst) [isFirst] = [false, await first()];
    isFirst = false;
  };
  return (ports) => {
    const { create, update } = ports.issues;
    const issues = {
      ...ports.issues,
      ...(verb === 'create'
        ? { create: async (title: string, body: string) => once().then(() => create(title, body)) }
        : { update: async (number: number, change: IssueChange) => once().then(() => update(number, change)) }),
    };
    return { ...ports, issues };
  };
}

describe('an older run', () => {
  test.each([
    ['of something', DRIFT],
    ['of nothing', NOTHING],
  ])('%s leaves what a newer one wrote', async (_name, older) => {
    await look(CODE, 9, { attempt: 2 });
    const issue = structuredClone(world.issues);
    expect(outcomeOf(await look(older, 8))).toBe('outdated');
    expect(outcomeOf(await look(older, 9, { attempt: 1 }))).toBe('outdated');
    expect(world.issues).toEqual(issue);
  });

  test('that writes over a newer text puts it back, closed or open as it was', async () => {
    await look(DRIFT, 1);
    const late = await look(DRIFT, 2, { around: comeBefore('update', () => look(NOTHING, 3)) });
    expect([late.error, outcomeOf(late), runOf()]).toEqual([undefined, 'outdated', '3']);
    expect(world.issues).toMatchObject([{ state: 'closed' }]);
    await look(DRIFT, 6);
    const gone = await look(NOTHING, 7, { around: comeBefore('update', () => look(OTHER_DRIFT, 8)) });
    expect([outcomeOf(gone), runOf(), world.issues[0]?.state]).toEqual(['outdated', '8', 'open']);
  });
});

describe('two at once end as one issue with the newer text', () => {
  test.each([
    ['the newer one first', 1, 2],
    ['the older one first', 2, 1],
  ])('%s', async (_name, own, other) => {
    const ended = await look(DRIFT, own, { around: comeBefore('create', () => look(CODE, other)) });
    expect(ended.error).toBeUndefined();
    expect(runOf()).toBe('2');
    expect(world.issues).toMatchObject([
      { state: 'open', author: BOT },
      { state: 'closed', reason: 'not_planned', body: 'Two runs opened an issue at the same time; #1 stays.' },
    ]);
    expect(outcomeOf(await look(NOTHING, 3))).toBe('closed');
    expect(world.issues).toHaveLength(2);
  });

  test('and a newer text in the second one is not lost', async () => {
    await look(DRIFT, 5);
    const [issue] = world.issues;
    world.add({ author: BOT, body: issue?.body.replace('run=5', 'run=9') ?? '' });
    expect(outcomeOf(await look(CODE, 7))).toBe('outdated');
    expect([runOf(), world.issues[1]?.state]).toEqual(['9', 'closed']);
  });
});

describe('what goes wrong on the way', () => {
  const lost = { match: /^POST \/issues$/, isDone: true };
  test.each([
    ['a reply that is lost after it was opened', lost],
    ['502 after it was opened', { ...lost, status: 502 }],
    ['502 before it was opened', { match: lost.match, status: 502 }],
    ['502 for the list', { match: /^GET \/issues$/, status: 502 }],
    ['429 with a time', { match: lost.match, status: 429, headers: { 'retry-after': '7' } }],
    [
      '403 of a secondary limit',
      { match: lost.match, status: 403, message: 'You have exceeded a secondary rate limit' },
    ],
  ])('%s: one issue, and green', async (_name, fault) => {
    world.faults.push(fault);
    const ended = await look(DRIFT, 1);
    expect([ended.error, outcomeOf(ended), world.issues.length]).toEqual([undefined, 'opened', 1]);
    expect(world.faults).toEqual([]);
  });

  test.each([
    ['a reply that is lost after it was closed', { match: /^PATCH /, isDone: true }],
    ['502 before it was closed', { match: /^PATCH /, status: 502 }],
    ['502 for the edit history', { match: /^POST \/graphql/, status: 502 }],
    ['a lost reply to the comment', { match: /^POST .*\/comments$/, isDone: true }],
    ['502 for the comment', { match: /^POST .*\/comments$/, status: 502 }],
  ])('%s: closed, with one comment', async (_name, fault) => {
    await look(DRIFT, 1);
    world.faults.push(fault);
    const ended = await look(NOTHING, 2);
    expect([ended.error, outcomeOf(ended)]).toEqual([undefined, 'closed']);
    expect(world.issues).toMatchObject([{ state: 'closed', comments: [{ author: BOT }] }]);
    expect(world.issues[0]?.comments).toHaveLength(1);
  });

  test('an issue that is deleted while it is written is opened again', async () => {
    await look(DRIFT, 1);
    const remove = async (): Promise<void> => void world.issues.pop();
    expect(outcomeOf(await look(CODE, 2, { around: comeBefore('update', remove) }))).toBe('opened');
    expect(world.issues).toMatchObject([{ state: 'open', comments: [] }]);
  });
});
