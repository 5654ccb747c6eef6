import { describe, expect, test } from '@jest/globals';
import { healthy, judge, release, report } from '#core/verdict/tests/said.ts';

const words = (...args: Parameters<typeof judge>) => judge(...args).map(({ verdict, word }) => `${verdict}: ${word}`);

describe('a report counts for what it is about', () => {
  test('manifests that cannot be rendered fail the release, though the last sync was long before it', () => {
    const description = 'v1 phase=Succeeded sync=Unknown health=Healthy at=2026-11-27T09:00:00Z';
    const render = { context: 'argocd/production/render', state: 'failure', description, entry: 3 } as const;
    expect(words([release('b', 0)], [render])).toEqual(['failed: not rendered']);
    const before = { ...render, at: new Date('2026-11-27T15:00:00Z') };
    expect(words([release('b', 0)], [before])).toEqual(['pending: waiting']);
  });

  test('a window holds a release back, whatever the operation before it came to', () => {
    const description = report('Failed', 'OutOfSync', 'Healthy', 'window=true');
    expect(words([release('b', 0)], [{ state: 'pending', description }])).toEqual(['pending: held by a window']);
  });

  test('another image that fails takes no proof away; once both ran, a failure is its own', () => {
    const [own, other] = [release('b', 3), [2]];
    const ran = { entry: 3, description: healthy('b') };
    const both = { entry: 2, description: healthy('b', 'd') };
    const worse = { entry: 2, state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') } as const;
    expect(words([own], [ran, worse], { others: other })).toEqual(['running: running']);
    expect(words([own], [ran, both, worse], { others: other })).toEqual(['failed: degraded']);
    const newer = { ...worse, entry: 1 };
    expect(words([own], [ran, both, newer], { others: [2, 1] })).toEqual(['running: running']);
  });

  test('what a hand wrote since is not the release', () => {
    const ran = { entry: 2, description: healthy('b'), holds: 'b' };
    const worse = { state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') } as const;
    expect(words([release('b', 2)], [ran, { ...worse, holds: 'f' }])).toEqual(['running: running']);
    expect(words([release('b', 2)], [ran, { ...worse, holds: 'b' }])).toEqual(['failed: degraded']);
  });
});

test.each([
  [15, 'Argo CD has said nothing of it for 15 minutes'],
  [1, 'Argo CD has said nothing of it for 1 minute'],
])('after %s minutes of silence the sentence counts them', (deadline, expected) => {
  const [judgement] = judge([release('b', 0)], [], { deadline, minutes: deadline + 1 });
  expect(judgement).toMatchObject({ word: 'silent', said: expected });
});
