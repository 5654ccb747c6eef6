import { test } from '@jest/globals';
import { check, type Row, release } from './history-table.ts';
import { idle, type MadeCommit } from './made-branch.ts';

const START_AND_WORK = [{ name: 'work', on: ['start'] }];

/** A merge of sides into `work`, and what the merge makes of production's web. */
function merge(to: string, ...sides: string[]): MadeCommit {
  return { name: 'merge', on: ['work', ...sides], sets: { 'production/web': to } };
}

const onSides: Record<string, Row> = {
  'a release that a merge brought': {
    commits: [...START_AND_WORK, release('side', 'A', 'B', ['start']), merge('B', 'side'), ...idle(1)],
    believed: ['side production/web A>B'],
  },
  'two releases that a merge brought, between releases of the line': {
    commits: [
      release('work', 'A', 'B'),
      release('one', 'B', 'C'),
      release('two', 'C', 'D'),
      merge('D', 'two'),
      release('last', 'D', 'E'),
    ],
    believed: [
      'last production/web D>E',
      'two production/web C>D',
      'one production/web B>C',
      'work production/web A>B',
    ],
  },
  'there and back and there again on the side': {
    commits: [
      ...START_AND_WORK,
      release('one', 'A', 'B', ['start']),
      release('two', 'B', 'C'),
      release('three', 'C', 'B'),
      merge('B', 'three'),
    ],
    believed: ['three production/web C>B', 'two production/web B>C', 'one production/web A>B'],
  },
  'one taken back on the side before the merge': {
    commits: [
      ...START_AND_WORK,
      release('side', 'A', 'B', ['start']),
      { name: 'back', sets: { 'production/web': 'A' } },
      merge('A', 'back'),
    ],
    believed: [],
    ignored: ['side'],
  },
  'one taken back by a release on the side before the merge': {
    commits: [...START_AND_WORK, release('side', 'A', 'B', ['start']), release('back', 'B', 'A'), merge('A', 'back')],
    believed: [],
    ignored: ['back', 'side'],
  },
  'one that the merge itself takes back': {
    commits: [...START_AND_WORK, release('side', 'A', 'B', ['start']), merge('A', 'side')],
    believed: [],
    ignored: ['side'],
  },
  'one after which the side was changed by hand': {
    commits: [
      ...START_AND_WORK,
      release('side', 'A', 'B', ['start']),
      { name: 'hand', sets: { 'production/web': 'C' } },
      merge('C', 'hand'),
    ],
    believed: [],
    ignored: ['side'],
  },
  'one before which the side was changed by hand': {
    commits: [
      ...START_AND_WORK,
      { name: 'hand', on: ['start'], sets: { 'production/web': 'B' } },
      release('side', 'B', 'C'),
      merge('C', 'side'),
    ],
    believed: [],
    ignored: ['side'],
  },
  'one that replaces what the line released meanwhile': {
    commits: [release('work', 'A', 'B'), release('side', 'A', 'C', ['start']), merge('C', 'side')],
    believed: ['work production/web A>B'],
    ignored: ['side'],
  },
  'a merge whose own message claims what its side did': {
    commits: [
      ...START_AND_WORK,
      { name: 'side', on: ['start'], sets: { 'production/web': 'B' } },
      { ...merge('B', 'side'), says: ['production/web A>B'] },
    ],
    believed: ['merge production/web A>B'],
  },
  'an octopus merge of two images': {
    commits: [
      ...START_AND_WORK,
      release('left', 'A', 'B', ['start']),
      { name: 'right', on: ['start'], sets: { 'production/bot': 'C' }, says: ['production/bot A>C'] },
      {
        name: 'merge',
        on: ['work', 'left', 'right'],
        sets: { 'production/web': 'B', 'production/bot': 'C' },
      },
    ],
    believed: ['left production/web A>B', 'right production/bot A>C'],
  },
  'an octopus merge of two claims of one image: the one that the merge took': {
    commits: [
      ...START_AND_WORK,
      release('left', 'A', 'B', ['start']),
      release('right', 'A', 'C', ['start']),
      merge('B', 'left', 'right'),
    ],
    believed: ['left production/web A>B'],
    ignored: ['right'],
  },
  'two sides that release the same: the newer one counts': {
    commits: [
      ...START_AND_WORK,
      release('left', 'A', 'B', ['start']),
      release('right', 'A', 'B', ['start']),
      merge('B', 'left', 'right'),
    ],
    believed: ['right production/web A>B'],
    ignored: ['left'],
  },
  'a merge whose own message repeats what its side says: it counts once': {
    commits: [
      ...START_AND_WORK,
      release('side', 'A', 'B', ['start']),
      { ...merge('B', 'side'), says: ['production/web A>B'] },
    ],
    believed: ['merge production/web A>B'],
    ignored: ['side'],
  },
  'a side of a side': {
    commits: [
      ...START_AND_WORK,
      { name: 'outer', on: ['start'] },
      release('inner', 'A', 'B', ['start']),
      { name: 'joined', on: ['outer', 'inner'], sets: { 'production/web': 'B' } },
      merge('B', 'joined'),
    ],
    believed: ['inner production/web A>B'],
  },
  'a side that two merges brought counts where the older one did': {
    commits: [
      ...START_AND_WORK,
      release('side', 'A', 'B', ['start']),
      { ...merge('B', 'side'), name: 'first' },
      release('back', 'B', 'A'),
      { name: 'more', on: ['side'] },
      { name: 'second', on: ['back', 'more'], sets: { 'production/web': 'B' } },
    ],
    believed: ['back production/web B>A', 'side production/web A>B'],
  },
};

test.each(Object.entries(onSides))('a release of a side is believed where its merge agrees: %s', (_name, row) =>
  check(row),
);
