import { expect, test } from '@jest/globals';
import { type Circumstances, healthy, judge, release, report, type Said } from '#core/verdict/tests/said.ts';

interface Trace extends Circumstances {
  readonly name: string;
  readonly releases: readonly ReturnType<typeof release>[];
  readonly said: readonly Said[];
  /** `<verdict>: <word>` of each release, newest first. */
  readonly proven: readonly string[];
}

const one = [release('b', 0)];
const two = [release('c', 0), release('b', 2)];
const pending = (description: string, entry = 0): Said => ({ state: 'pending', description, entry });
const failure = (description: string, entry = 0): Said => ({ state: 'failure', description, entry });

/** The traces of FACTS A4, with the truth of each. */
const TRACES: readonly Trace[] = [
  {
    name: '1 synced to the commit before',
    releases: [release('b', 0)],
    said: [{ description: healthy('a'), entry: 1 }],
    proven: ['pending: waiting'],
  },
  {
    name: '1 the same after the deadline',
    releases: [release('b', 0)],
    said: [{ description: healthy('a'), entry: 1 }],
    minutes: 16,
    proven: ['unknown: silent'],
  },
  {
    name: '2 running, then superseded',
    releases: two,
    said: [pending(report('Running', 'OutOfSync', 'Healthy'), 2), { description: healthy('c') }],
    proven: ['running: running', 'unknown: superseded'],
  },
  {
    name: '2b two in one refresh: the revision holds this image’s digest',
    releases: [release('b', 1)],
    said: [{ description: healthy('b', 'd') }],
    others: [0],
    proven: ['running: running'],
  },
  {
    name: '3 degraded',
    releases: one,
    said: [failure(report('Succeeded', 'Synced', 'Degraded'))],
    proven: ['failed: degraded'],
  },
  {
    name: '3 recovered',
    releases: one,
    said: [failure(report('Succeeded', 'Synced', 'Degraded')), { description: healthy('b') }],
    proven: ['running: running'],
  },
  {
    name: '3 degraded after it ran',
    releases: one,
    said: [{ description: healthy('b') }, failure(report('Succeeded', 'Synced', 'Degraded'))],
    proven: ['failed: degraded'],
  },
  {
    name: '4 progressing past the deadline',
    releases: one,
    said: [pending(report('Succeeded', 'Synced', 'Progressing'))],
    minutes: 16,
    proven: ['unknown: silent'],
  },
  {
    name: '5 ImagePullBackOff: the digest is in the list, and nothing more',
    releases: one,
    said: [pending(report('Succeeded', 'Synced', 'Progressing', 'runs=bbbbbbbbbbbb'))],
    proven: ['pending: progressing'],
  },
  {
    name: '6 cannot be rendered: said on the revision before',
    releases: one,
    said: [
      { description: healthy('a'), entry: 1 },
      { ...failure(report('Succeeded', 'Unknown', 'Healthy'), 1), context: 'argocd/production/render' },
    ],
    proven: ['failed: not rendered'],
  },
  {
    name: '6 it can again',
    releases: one,
    said: [
      { ...failure(report('Succeeded', 'Unknown', 'Healthy'), 1), context: 'argocd/production/render' },
      { description: report('Succeeded', 'Synced', 'Healthy'), entry: 1, context: 'argocd/production/render' },
    ],
    proven: ['pending: waiting'],
  },
  {
    name: '7 paused',
    releases: one,
    said: [pending(report('Succeeded', 'Synced', 'Suspended', 'runs=bbbbbbbbbbbb'))],
    proven: ['unknown: paused'],
  },
  {
    name: '8 removed',
    releases: one,
    said: [{ state: 'error', description: report('Succeeded', 'Synced', 'Healthy', 'deleting=true') }],
    proven: ['unknown: removed'],
  },
  { name: '8 no Application', releases: one, said: [], minutes: 16, proven: ['unknown: silent'] },
  {
    name: '9 said twice',
    releases: one,
    said: [{ description: healthy('b') }, { description: healthy('b') }],
    proven: ['running: running'],
  },
  {
    name: '10 progress that comes after the end',
    releases: one,
    said: [{ description: healthy('b') }, pending(report('Running', 'OutOfSync', 'Healthy'))],
    proven: ['running: running'],
  },
  {
    name: '11 late by a release',
    releases: two,
    said: [{ description: healthy('c') }, { description: healthy('b'), entry: 2 }],
    proven: ['running: running', 'running: running'],
  },
  {
    name: '12 the parent of the Application is well',
    releases: one,
    said: [{ description: healthy('b'), context: 'argocd/apps' }],
    proven: ['pending: waiting'],
  },
  {
    name: '13 held by a window',
    releases: one,
    said: [pending(report('Succeeded', 'OutOfSync', 'Healthy', 'window=true'))],
    proven: ['pending: held by a window'],
  },
  {
    name: '13 past the deadline',
    releases: one,
    said: [pending(report('Succeeded', 'OutOfSync', 'Healthy', 'window=true'))],
    minutes: 16,
    proven: ['unknown: silent'],
  },
  {
    name: '14 a PostSync hook failed',
    releases: one,
    said: [failure(report('Failed', 'Synced', 'Healthy', 'runs=bbbbbbbbbbbb'))],
    proven: ['failed: failed'],
  },
  {
    name: '15 tried again, then well',
    releases: one,
    said: [pending(report('Running', 'OutOfSync', 'Progressing')), { description: healthy('b') }],
    proven: ['running: running'],
  },
  {
    name: '16 rolled back: the bad one stays bad',
    releases: [release('a', 0, { kind: 'rollback' }), release('b', 1)],
    said: [failure(report('Succeeded', 'Synced', 'Degraded'), 1), { description: healthy('a') }],
    proven: ['running: running', 'failed: degraded'],
  },
];

test.each(TRACES)('$name', ({ releases, said, proven, ...circumstances }) => {
  expect(judge(releases, said, circumstances).map(({ verdict, word }) => `${verdict}: ${word}`)).toEqual(proven);
});

test('a failed hook says that the digest runs all the same', () => {
  const said = failure(report('Failed', 'Synced', 'Healthy', 'runs=bbbbbbbbbbbb'));
  expect(judge(one, [said])[0]?.said).toBe('the sync failed; its digest runs all the same');
});

test('a bad release of another image takes no proof from the one that ran before', () => {
  const ran = { description: healthy('b'), entry: 2 };
  const bad = failure(report('Succeeded', 'Synced', 'Degraded'));
  expect(judge([release('b', 2)], [ran, bad], { others: [0] })[0]?.verdict).toBe('running');
  expect(judge([release('b', 2)], [ran, bad], { others: [] })[0]?.verdict).toBe('failed');
  expect(judge([release('b', 2)], [bad], { others: [0] })[0]?.verdict).toBe('failed');
});

test('between revisions the later operation says what holds, in whatever order the reports came', () => {
  const bad = failure(report('Succeeded', 'Synced', 'Degraded').replace('16:01', '16:00'), 2);
  const well = { description: healthy('b'), entry: 0 };
  for (const said of [
    [bad, well],
    [well, bad],
  ])
    expect(judge([release('b', 2)], said)[0]?.verdict).toBe('running');
});
