import { expect, test } from '@jest/globals';
import { healthy, judge, release, report, type Said, short } from '#core/verdict/tests/said.ts';

const RUNS = `runs=${short('b')}`;
const phases = ['Running', 'Failed', 'Error', 'Terminating', 'None', 'succeeded'];
const syncs = ['OutOfSync', 'Unknown'];
const healths = ['Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown', 'healthy'];

/** A success with one thing wrong; each was, or looks like, a stale or foreign one. The release is of digest b at the head. */
const STALE: readonly (readonly [string, readonly Said[]])[] = [
  // one field says otherwise, with the state and the digest of a success
  ...phases.map((phase): [string, Said[]] => [
    `phase ${phase}`,
    [{ description: report(phase, 'Synced', 'Healthy', RUNS) }],
  ]),
  ...syncs.map((sync): [string, Said[]] => [
    `sync ${sync}`,
    [{ description: report('Succeeded', sync, 'Healthy', RUNS) }],
  ]),
  ...healths.map((health): [string, Said[]] => [
    `health ${health}`,
    [{ description: report('Succeeded', 'Synced', health, RUNS) }],
  ]),
  ...(['pending', 'failure', 'error'] as const).map((state): [string, Said[]] => [
    `state ${state}`,
    [{ state, description: healthy('b') }],
  ]),
  // digests
  ['no digest runs', [{ description: report('Succeeded', 'Synced', 'Healthy') }]],
  ['no digest is named', [{ description: report('Succeeded', 'Synced', 'Healthy', 'runs=') }]],
  ['the old digest runs', [{ description: healthy('a') }]],
  ['another image’s digest runs', [{ description: healthy('d', 'e') }]],
  ['a digest that begins alike', [{ description: healthy('a').replace(short('a'), `${'b'.repeat(11)}a`) }]],
  ['eleven digits of it', [{ description: healthy('a').replace(short('a'), 'b'.repeat(11)) }]],
  ['thirteen digits of it', [{ description: healthy('a').replace(short('a'), 'b'.repeat(13)) }]],
  ['the digest in capitals', [{ description: healthy('b').replace(short('b'), 'B'.repeat(12)) }]],
  ['more digests than the line holds', [{ description: `${healthy('a', 'c', 'd', 'e', 'f')},+` }]],
  ['an override in the Application', [{ description: report('Succeeded', 'Synced', 'Healthy', `runs=${short('f')}`) }]],
  ['the digest in another field', [{ description: report('Succeeded', 'Synced', 'Healthy', `ran=${short('b')}`) }]],
  // revisions
  ['the revision before', [{ description: healthy('b'), entry: 1 }]],
  ['an old revision', [{ description: healthy('b'), entry: 40 }]],
  [
    'the revision before, twice',
    [
      { description: healthy('b'), entry: 1 },
      { description: healthy('b'), entry: 1 },
    ],
  ],
  [
    'a success before, progress now',
    [
      { description: healthy('a'), entry: 1 },
      { state: 'pending', description: report('Running', 'OutOfSync', 'Healthy') },
    ],
  ],
  // who and where
  ['a person', [{ description: healthy('b'), creator: 'octocat' }]],
  ['a person called like the App', [{ description: healthy('b'), creator: 'acme-slipway' }]],
  ['another App', [{ description: healthy('b'), creator: 'other[bot]' }]],
  ['the workflows', [{ description: healthy('b'), creator: 'github-actions[bot]' }]],
  ['an account that is gone', [{ description: healthy('b'), creator: '' }]],
  ['another Application', [{ description: healthy('b'), context: 'argocd/staging' }]],
  ['the parent Application', [{ description: healthy('b'), context: 'argocd/apps' }]],
  ['a context that begins alike', [{ description: healthy('b'), context: 'argocd/production-eu' }]],
  ['the context of rendering', [{ description: healthy('b'), context: 'argocd/production/render' }]],
  ['our own context', [{ description: healthy('b'), context: 'slipway/production/discord-bot' }]],
  // text
  ['nothing is said', [{ description: '' }]],
  ['words of a person', [{ description: 'Succeeded Synced Healthy' }]],
  ['another version', [{ description: healthy('b').replace('v1', 'v2') }]],
  ['no version', [{ description: healthy('b').replace('v1 ', '') }]],
  ['a blank in front', [{ description: ` ${healthy('b')}` }]],
  ['a field twice', [{ description: `${healthy('b')} health=Degraded` }]],
  [
    'the health twice, the good one last',
    [{ description: healthy('b').replace('health=Healthy', 'health=Degraded health=Healthy') }],
  ],
  // an end of something else
  ['it is being removed', [{ description: `${healthy('b')} deleting=true` }]],
  ['a window holds it', [{ description: `${healthy('b')} window=true` }]],
  [
    'degraded after it ran',
    [{ description: healthy('b') }, { state: 'failure', description: report('Succeeded', 'Synced', 'Degraded', RUNS) }],
  ],
  [
    'paused after it ran',
    [
      { description: healthy('b') },
      { state: 'pending', description: report('Succeeded', 'Synced', 'Suspended', RUNS) },
    ],
  ],
  [
    'removed after it ran',
    [{ description: healthy('b') }, { state: 'error', description: `${healthy('b')} deleting=true` }],
  ],
];

test('there are 50', () => expect(STALE.length).toBeGreaterThanOrEqual(50));

test('the same without anything wrong is a success', () => {
  expect(judge([release('b', 0)], [{ description: healthy('b') }])[0]?.verdict).toBe('running');
});

test.each(STALE)('%s: no success, now or later', (_name, said) => {
  for (const minutes of [0, 2, 14, 16, 1_000]) {
    const [verdict] = judge([release('b', 0)], said, { minutes });
    expect(verdict?.verdict).not.toBe('running');
    if (minutes > 15) expect(verdict?.verdict).not.toBe('pending');
  }
});
