import { describe, expect, test } from '@jest/globals';
import { QUERY, type Row, release, START, saysIgnored, withBranch } from './history-table.ts';
import { idle, type MadeCommit, PLACES } from './made-branch.ts';

/** `first` is older than what is fetched at once. */
const THREE = [release('first', 'A', 'B'), ...idle(130), release('second', 'B', 'C'), release('third', 'C', 'D')];

const limits: Record<string, Row & { readonly fetched: number }> = {
  'one of each image: the rest is not fetched': {
    commits: THREE,
    query: { images: ['web'], places: PLACES.slice(0, 1), count: 1 },
    believed: ['third production/web C>D'],
    fetched: 128,
  },
  'two of each image, which are there': {
    commits: THREE,
    query: { images: ['web'], places: PLACES.slice(0, 1), count: 2 },
    believed: ['third production/web C>D', 'second production/web B>C'],
    fetched: 128,
  },
  'three of each image: the history is fetched deeper': {
    commits: THREE,
    query: { images: ['web'], places: PLACES.slice(0, 1), count: 3 },
    believed: ['third production/web C>D', 'second production/web B>C', 'first production/web A>B'],
    fetched: 134,
  },
  'another image that has none: the history is fetched to its beginning': {
    commits: THREE,
    query: { count: 1 },
    believed: ['third production/web C>D'],
    fetched: 134,
  },
  'two in all, whatever the count says and whichever image has them': {
    commits: THREE,
    query: { count: 10, total: 2 },
    believed: ['third production/web C>D', 'second production/web B>C'],
    fetched: 128,
  },
  'three in all: the history is fetched deeper': {
    commits: THREE,
    query: { count: 10, total: 3 },
    believed: ['third production/web C>D', 'second production/web B>C', 'first production/web A>B'],
    fetched: 134,
  },
  'what is older than enough is not judged, nor reported': {
    commits: [{ name: 'forged', says: ['production/web A>B'] }, ...THREE],
    query: { images: ['web'], places: PLACES.slice(0, 1), count: 3 },
    believed: ['third production/web C>D', 'second production/web B>C', 'first production/web A>B'],
    fetched: 135,
  },
  'where the fetched history ends a claim waits for what was before it': {
    commits: [release('first', 'A', 'B'), ...idle(3), { name: 'end', says: ['production/web none>B'] }, ...idle(127)],
    query: { images: ['web'], places: PLACES.slice(0, 1), count: 1 },
    believed: ['first production/web A>B'],
    ignored: ['end'],
    fetched: 133,
  },
};

test.each(Object.entries(limits))('how much is looked for: %s', async (_name, row) => {
  const { commits, query, believed, ignored = [], fetched } = row;
  await withBranch([START, ...commits], async (branch) => {
    const opened = await branch.history.at(branch.head);
    expect(await opened.line.commits()).toHaveLength(128);
    const found = await opened.findReleases({ ...QUERY, ...query });
    expect([...found.values()].flat().map(branch.write)).toEqual(believed);
    expect(branch.ignored).toEqual(saysIgnored(branch, ignored));
    expect(await opened.line.commits()).toHaveLength(fetched);
  });
});

/** A side that was merged long ago is merged again, by a merge whose own content is a hand's change. */
const again = (past: number): MadeCommit[] => [
  START,
  ...idle(past, 'past'),
  release('side', 'A', 'B'),
  { name: 'work', on: [past === 0 ? 'start' : `past-${past - 1}`] },
  { name: 'merge', on: ['work', 'side'], sets: { 'production/web': 'B' } },
  ...idle(140),
  release('back', 'B', 'A'),
  { name: 'other', on: ['side'] },
  { name: 'evil', on: ['back', 'other'], sets: { 'production/web': 'B' } },
];

describe.each([0, 200])(
  'an old side that is merged again is not its release again, %i commits above the root',
  (past) => {
    test.each([
      [1, ['back production/web B>A']],
      [2, ['back production/web B>A', 'side production/web A>B']],
    ])('of %i', async (count, believed) => {
      await withBranch(again(past), async (branch) => {
        const opened = await branch.history.at(branch.head);
        const found = await opened.findReleases({ images: ['web'], places: PLACES.slice(0, 1), count });
        expect([...found.values()].flat().map(branch.write)).toEqual(believed);
      });
    });
  },
);

test('an honest merge of it does not make its release one that is ignored', async () => {
  const made = again(0).flatMap((commit): MadeCommit[] => {
    if (commit.name === 'back') return [release('next', 'B', 'C')];
    return [commit.name === 'evil' ? { name: 'evil', on: ['next', 'other'] } : commit];
  });
  await withBranch(made, async (branch) => {
    const opened = await branch.history.at(branch.head);
    await opened.findReleases({ images: ['web'], places: PLACES.slice(0, 1), count: 1 });
    expect(branch.ignored).toEqual([]);
  });
});
