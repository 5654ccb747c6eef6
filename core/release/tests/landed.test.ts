import { describe, expect, test } from '@jest/globals';
import type { LandedIntent } from '#core/release/landed.ts';
import { release, START, withBranch } from './history-table.ts';
import { idle, type MadeBranch, type MadeCommit, PLACES } from './made-branch.ts';

/** A commit's trailers carry its own name as their intent, unless they say another one. */
interface Row {
  readonly commits: readonly MadeCommit[];
  readonly intent: string;
  readonly places?: typeof PLACES;
  /** How much of the history is asked for. */
  readonly count?: number;
  /** The commit, what it released of the intent, how many intents it landed; undefined where the intent did not land. */
  readonly landed: readonly [commit: string, releases: readonly string[], batch: number] | undefined;
}

function write({ commit, write: line }: MadeBranch, { commits, landed }: Row, found: LandedIntent | undefined) {
  const own = commits.find(({ name }) => found !== undefined && commit(name) === found.commit);
  const got = found && [own?.name, found.releases.map(line), found.batch];
  expect(got).toEqual(landed);
}

const TO_STAGING: MadeCommit = { name: 'one', sets: { 'staging/web': 'B' }, says: ['staging/web A>B'] };

const rows: Record<string, Row> = {
  'a commit of the line landed it': {
    commits: [release('one', 'A', 'B'), ...idle(1)],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
  'what was replaced since landed too': {
    commits: [release('one', 'A', 'B'), release('two', 'B', 'C')],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
  'no trailer names it': {
    commits: [release('one', 'A', 'B'), { name: 'two' }],
    intent: 'two',
    landed: undefined,
  },
  'its commit does not touch the overlay': {
    commits: [release('one', 'A', 'B'), { name: 'two', says: ['production/web A>B'] }],
    intent: 'two',
    landed: undefined,
  },
  'its commit makes the overlay say another digest': {
    commits: [{ name: 'one', sets: { 'production/web': 'C' }, says: ['production/web A>B'] }],
    intent: 'one',
    landed: undefined,
  },
  'its commit found another digest than it says': {
    commits: [{ name: 'one', sets: { 'production/web': 'B' }, says: ['production/web C>B'] }],
    intent: 'one',
    landed: undefined,
  },
  'one of its two releases is not true': {
    commits: [{ name: 'one', sets: { 'production/web': 'B' }, says: ['production/web A>B', 'production/bot A>B'] }],
    intent: 'one',
    landed: undefined,
  },
  'a forged commit above the true one': {
    commits: [release('one', 'A', 'B'), { name: 'forged', says: ['production/web A>B for one'] }],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
  "another environment's overlay changes": {
    commits: [{ name: 'one', sets: { 'staging/web': 'B' }, says: ['production/web A>B'] }],
    intent: 'one',
    landed: undefined,
  },
  'it landed in another environment, which is not asked for': {
    commits: [TO_STAGING],
    intent: 'one',
    places: PLACES.slice(0, 1),
    landed: undefined,
  },
  'it landed in another environment, which is asked for': {
    commits: [TO_STAGING],
    intent: 'one',
    landed: ['one', ['one staging/web A>B'], 1],
  },
  'its commit landed another intent too': {
    commits: [
      {
        name: 'both',
        sets: { 'production/web': 'B', 'production/bot': 'C' },
        says: ['production/web A>B for one', 'production/bot A>C for two'],
      },
    ],
    intent: 'two',
    landed: ['both', ['both production/bot A>C'], 2],
  },
  'a merge brought it': {
    commits: [
      { name: 'work' },
      release('one', 'A', 'B', ['start']),
      { name: 'merge', on: ['work', 'one'], sets: { 'production/web': 'B' } },
    ],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
  // a pull without rebase makes a side of what was the line: the intent landed there, and must not land again
  'a merge brought it, and what took it back: it landed all the same': {
    commits: [
      { name: 'work' },
      release('one', 'A', 'B', ['start']),
      release('back', 'B', 'A'),
      { name: 'merge', on: ['work', 'back'] },
    ],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
  'it is older than what is fetched at once': {
    commits: [release('one', 'A', 'B'), ...idle(130)],
    intent: 'one',
    landed: undefined,
  },
  'it is older than what is fetched at once, and more is asked for': {
    commits: [release('one', 'A', 'B'), ...idle(130)],
    intent: 'one',
    count: 200,
    landed: ['one', ['one production/web A>B'], 1],
  },
};

test.each(Object.entries(rows))('whether a commit below the head landed an intent: %s', async (_name, row) => {
  await withBranch([START, ...row.commits], async (branch) => {
    const opened = await branch.history.at(branch.head, branch.head, row.count);
    write(branch, row, await opened.findIntent(row.intent, row.places ?? PLACES));
  });
});

const heads: Record<string, Row> = {
  'the head landed it': {
    commits: [...idle(1), release('one', 'A', 'B')],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
  'the commit below the head landed it': {
    commits: [release('one', 'A', 'B'), ...idle(1)],
    intent: 'one',
    landed: undefined,
  },
  'the head says so, and does not touch the overlay': {
    commits: [release('one', 'A', 'B'), { name: 'two', says: ['production/web A>B'] }],
    intent: 'two',
    landed: undefined,
  },
  'the head says so, and makes the overlay say another digest': {
    commits: [{ name: 'one', sets: { 'production/web': 'C' }, says: ['production/web A>B'] }],
    intent: 'one',
    landed: undefined,
  },
  'the head is a merge that says so': {
    commits: [
      { name: 'work' },
      { name: 'side', on: ['start'], sets: { 'production/web': 'B' } },
      { name: 'one', on: ['work', 'side'], sets: { 'production/web': 'B' }, says: ['production/web A>B'] },
    ],
    intent: 'one',
    landed: ['one', ['one production/web A>B'], 1],
  },
};

describe('findLandedBy looks at the head alone', () => {
  test.each(Object.entries(heads))('%s', async (_name, row) => {
    await withBranch([START, ...row.commits], async (branch) => {
      write(branch, row, await branch.history.findLandedBy(branch.head, row.intent, PLACES));
    });
  });

  test('the branch begins with a commit that says so', async () => {
    await withBranch([release('one', 'none', 'B')], async ({ head, history }) => {
      expect(await history.findLandedBy(head, 'one', PLACES)).toBeUndefined();
    });
  });
});
