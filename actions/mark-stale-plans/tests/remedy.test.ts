import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { WHERE } from '#lab/github/tests/open-api.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  for (const path of AWS) world.commit('main', `${path}/main.tf`);
});

afterEach(() => expect(world.rest.violations).toEqual([]));

afterAll(() => world.close());

const AWS = ['terraform/aws', 'terraform/modules/queue'];
const BODY = '## ✅ Plan of HEAD: 1 to change\n\nDetails.';
const FRESH = 'success: A merge into main does what the comment shows';

const textOf = (one: PullRecord): string => world.commentsOf(one)[0]?.body.split('\n').slice(1).join('\n') ?? '';

describe('a run plans upon the base that the merge commit of its event has', () => {
  /** What a run of an event is given: the commit that it checks out, and with it the base. */
  const readEvent = async (one: PullRecord): Promise<string> => {
    const merge = await world.pulls.testMerge(one);
    return AWS.map((path) => `${path} ${world.git('rev-parse', `${merge}^1:${path}`)}`).join('\n');
  };
  const run = (one: PullRecord, id: number, attempt: number, of: string) =>
    world.comment({ pull: one, body: BODY, run: id, attempt, inputs: { verdict: 'success', plans: of } });
  const turn = (one: PullRecord, state: 'open' | 'closed') =>
    world.person.rest.pulls.update({ ...WHERE, pull_number: one.number, state });
  /** As the button "Update branch" does, and as a person who merges and pushes. */
  const update = async (one: PullRecord): Promise<void> => {
    const { sha: before, ref } = one.head;
    const tree = world.git('merge-tree', '--write-tree', before, 'main');
    const after = world.git('commit-tree', tree, '-p', before, '-p', 'main', '-m', 'Merge main');
    world.git('update-ref', `refs/heads/${ref}`, after);
    const moves = [{ ref: `refs/heads/${ref}`, before, after }];
    await world.pulls.noteMoves('acme/tenant', moves, { kind: 'user', login: 'octocat' });
  };

  test.each([
    ['update the branch', 'synchronize', update],
    [
      'close and reopen the pull request',
      'reopened',
      async (one: PullRecord) => {
        await turn(one, 'closed');
        await turn(one, 'open');
      },
    ],
  ] as const)('%s: what the mark says to do helps, and a re-run does not', async (words, event, remedy) => {
    const one = await world.openPull(`stale-${event}`);
    const first = await readEvent(one);
    await run(one, 1, 1, first);
    expect(world.statusOf(one)).toBe(FRESH);
    world.commit('main', 'terraform/aws/more.tf');
    await world.mark();
    expect(world.statusOf(one)).toContain(words);
    await run(one, 1, 2, first); // a re-run has the event of the first attempt
    expect(textOf(one)).toMatch(/^⚠️ \*\*Stale:.* A re-run of the check keeps the old plan$/m);
    expect(world.statusOf(one)).toMatch(/^failure: Stale: /);
    await remedy(one);
    expect(world.events.at(-1)).toBe(`${event} #${one.number}`);
    await run(one, 2, 1, await readEvent(one));
    expect([textOf(one), world.statusOf(one)]).toEqual([BODY, FRESH]);
    expect(await world.mark()).toMatchObject({ outputs: { stale: '[]', fresh: `[${one.number}]` } });
    expect([textOf(one), world.statusOf(one)]).toEqual([BODY, FRESH]);
    await turn(one, 'closed');
  });
});
