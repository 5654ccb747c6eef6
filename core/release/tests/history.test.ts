import { test } from '@jest/globals';
import { check, type Row, release } from './history-table.ts';
import { idle } from './made-branch.ts';

const onTheLine: Record<string, Row> = {
  'a release that says what its commit does': {
    commits: [release('one', 'A', 'B'), ...idle(1)],
    believed: ['one production/web A>B'],
  },
  'releases of one image: newest first': {
    commits: [release('one', 'A', 'B'), release('two', 'B', 'C'), release('three', 'C', 'B')],
    believed: ['three production/web C>B', 'two production/web B>C', 'one production/web A>B'],
  },
  'another digest was there before': {
    commits: [{ name: 'forged', sets: { 'production/web': 'C' }, says: ['production/web B>C'] }],
    believed: [],
    ignored: ['forged'],
  },
  'no digest was there before, it says, and one was': {
    commits: [{ name: 'forged', sets: { 'production/web': 'B' }, says: ['production/web none>B'] }],
    believed: [],
    ignored: ['forged'],
  },
  'the overlay says another digest after it': {
    commits: [
      release('one', 'A', 'B'),
      { name: 'forged', sets: { 'production/web': 'C' }, says: ['production/web B>D'] },
    ],
    believed: ['one production/web A>B'],
    ignored: ['forged'],
  },
  'the commit leaves the overlay as it is': {
    commits: [release('one', 'A', 'B'), { name: 'forged', says: ['production/web A>B'] }],
    believed: ['one production/web A>B'],
    ignored: ['forged'],
  },
  'the commit leaves the overlay as it is, and says so': {
    commits: [release('one', 'A', 'B'), { name: 'forged', says: ['production/web B>B'] }],
    believed: ['one production/web A>B'],
    ignored: ['forged'],
  },
  "the commit changes another environment's overlay": {
    commits: [{ name: 'forged', sets: { 'staging/web': 'B' }, says: ['production/web A>B'] }],
    believed: [],
    ignored: ['forged'],
  },
  'the commit changes another image of the overlay': {
    commits: [{ name: 'forged', sets: { 'production/bot': 'B' }, says: ['production/web A>B'] }],
    believed: [],
    ignored: ['forged'],
  },
  'the same digests in two environments are two releases': {
    commits: [release('one', 'A', 'B'), { name: 'two', sets: { 'staging/web': 'B' }, says: ['staging/web A>B'] }],
    believed: ['one production/web A>B', 'two staging/web A>B'],
  },
  'a first release where sixty-four zeros were': {
    root: { name: 'start', sets: { 'production/web': 'none' } },
    commits: [release('one', 'none', 'B'), release('two', 'B', 'C')],
    believed: ['two production/web B>C', 'one production/web none>B'],
  },
  'a first release that writes the zeros out': {
    root: { name: 'start', sets: { 'production/web': 'none' } },
    commits: [release('one', 'zeros', 'B')],
    believed: ['one production/web zeros>B'],
  },
  'a first release with which the overlay begins': {
    root: { name: 'start' },
    commits: [release('one', 'none', 'B')],
    believed: ['one production/web none>B'],
  },
  'a first release with which the repository begins': {
    root: release('one', 'none', 'B'),
    commits: idle(1),
    believed: ['one production/web none>B'],
  },
  'two images that one commit releases': {
    commits: [
      {
        name: 'both',
        sets: { 'production/web': 'B', 'production/bot': 'C' },
        says: ['production/bot A>C', 'production/web A>B'],
      },
    ],
    believed: ['both production/web A>B', 'both production/bot A>C'],
  },
  'a squash with two trailers of one image: the true one counts, the commit is reported': {
    commits: [{ name: 'squash', sets: { 'production/web': 'C' }, says: ['production/web A>B', 'production/web A>C'] }],
    believed: ['squash production/web A>C'],
    ignored: ['squash'],
  },
  'a squash with trailers of two images: the true one counts, the commit is reported': {
    commits: [{ name: 'squash', sets: { 'production/web': 'B' }, says: ['production/bot A>B', 'production/web A>B'] }],
    believed: ['squash production/web A>B'],
    ignored: ['squash'],
  },
  'a squash of two releases, one after the other: neither is what the commit does': {
    commits: [{ name: 'squash', sets: { 'production/web': 'C' }, says: ['production/web A>B', 'production/web B>C'] }],
    believed: [],
    ignored: ['squash'],
  },
  'an image that slipway.yaml does not have is not looked for': {
    commits: [{ name: 'ghost', sets: { 'production/ghost': 'B' }, says: ['production/ghost none>B'] }],
    believed: [],
  },
  'an image that nothing knows, and that is asked for': {
    query: { images: ['web', 'ghost'] },
    commits: [release('one', 'A', 'B'), { name: 'forged', says: ['production/ghost none>B'] }],
    believed: ['one production/web A>B'],
    ignored: ['forged'],
  },
  'more than five that are ignored are counted': {
    commits: Array.from({ length: 7 }, (_one, at) => ({ name: `forged-${at}`, says: ['production/web A>B'] })),
    believed: [],
    ignored: Array.from({ length: 7 }, (_one, at) => `forged-${6 - at}`),
  },
};

test.each(Object.entries(onTheLine))('a release is believed where the tree agrees: %s', (_name, row) => check(row));
