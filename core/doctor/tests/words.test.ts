import { expect, test } from '@jest/globals';
import { diagnose } from '#core/doctor/diagnose.ts';
import type { Facts } from '#core/doctor/facts.ts';
import type { Pod } from '#core/doctor/kube.ts';
import { clusterOf, codesOf, readFacts, withCluster } from './worlds.ts';

test.each([
  ['registry.example/denied/bot: not found', 'image-missing'],
  ['failed to resolve reference "registry.example/401/unauthorized": registry.example/x: not found', 'image-missing'],
  ['no match for platform in manifest: not found', 'wrong-platform'],
  [
    'pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    'pull-denied',
  ],
  ['failed with status code [manifests x]: 403 Forbidden', 'pull-denied'],
  ['dial tcp: lookup registry.example: no such host', 'registry-unreachable'],
  ['unexpected status from GET request: 503 Service Unavailable', 'registry-unreachable'],
  ['toomanyrequests: You have reached your pull rate limit', 'registry-unreachable'],
  ['something that no one has seen yet', 'pull-fails'],
])('an image that does not come: %s', (words, code) => {
  const message = words.replace('bot:', `bot@sha256:${'a'.repeat(64)}:`);
  expect(codesOf(withWaiting(readFacts('image-gone'), message))).toEqual([code]);
});

/** Returns facts in which the node says this of its pull, and no event says more. */
function withWaiting(facts: Facts, message: string): Facts {
  const { pods } = clusterOf(facts);
  const [pod] = 'value' in pods ? pods.value : [];
  const [status] = pod?.status.containerStatuses ?? [];
  if (pod === undefined || status === undefined) throw new Error('the world has no pod that waits');
  const containerStatuses = [{ ...status, state: { waiting: { reason: 'ErrImagePull', message } } }];
  const waiting: Pod = { ...pod, status: { ...pod.status, containerStatuses } };
  return withCluster(facts, { pods: { value: [waiting] }, events: { value: [] } });
}

test('text of others is shown as text: a terminal obeys nothing of it, and no login is shown', () => {
  const facts = readFacts('image-gone');
  const message =
    'not found \u001b]0;owned\u0007\u202e \u009b2J https://user:hunter2@registry.example/v2\nnext: rm -rf /';
  const { causes } = diagnose(withWaiting(facts, message));
  const shown = JSON.stringify(causes);
  expect(causes.map(({ code }) => code)).toEqual(['image-missing']);
  expect(shown).not.toMatch(/hunter2/);
  for (const { said, evidence, next } of causes)
    expect([said, ...evidence, next].join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(shown).toContain('u001b]0;owned');
});
