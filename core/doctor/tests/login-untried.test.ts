import { describe, expect, test } from '@jest/globals';
import { diagnose } from '#core/doctor/diagnose.ts';
import { type Facts, or } from '#core/doctor/facts.ts';
import { clusterOf, codesOf, readFacts, withCluster } from './worlds.ts';

/** A registry that denied the pull at the second `denied`, of a kubelet that could not read the pull secret at second 5. */
function describeDenial(denied: number): Facts {
  const facts = readFacts('pull-secret-expired');
  const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 28, 14, 0, seconds)).toISOString();
  const events = or(clusterOf(facts).events, []).map((event) =>
    event.message.includes('401') ? { ...event, lastTimestamp: at(denied) } : event,
  );
  const failed = events.find(({ message }) => message.includes('401'));
  if (failed === undefined) throw new Error('nothing was denied');
  const unread = {
    ...failed,
    reason: 'FailedToRetrieveImagePullSecret',
    message: 'Unable to retrieve some image pull secrets (expired); attempting to pull the image may not succeed.',
    lastTimestamp: at(5),
  };
  return withCluster(facts, { events: { value: [...events, unread] } });
}

// a busy kubelet has a Secret that exists only after its first try: seen in the lab with forty pods at once
describe('the node tried without the login, which it had not read', () => {
  test('nothing is said of the login, and it is not known why the pod is not ready', () => {
    const { causes, open } = diagnose(describeDenial(6));
    expect(causes).toEqual([]);
    expect(open).toEqual([expect.stringMatching(/^why discord-bot of discord-bot-\S+ is not ready/)]);
  });

  test('nothing is said before the node says anything', () => {
    const facts = readFacts('pull-secret-expired');
    const begun = or(clusterOf(facts).events, []).filter(({ reason }) => reason !== 'Failed');
    expect(begun.map(({ reason }) => reason)).toContain('Pulling');
    expect(codesOf(withCluster(facts, { events: { value: begun } }))).toEqual([]);
    expect(codesOf(withCluster(facts, { events: { unknown: 'forbidden' } }))).toEqual(['pull-denied']);
  });

  test('a later try, with the login, was denied as well: it is the login', () => {
    expect(codesOf(describeDenial(15))).toEqual(['pull-denied']);
  });
});

test('a Secret that the node has not got yet is not a missing one', () => {
  const facts = readFacts('no-workspace');
  const { pods } = clusterOf(facts);
  const text = JSON.stringify(pods).replace(
    /("reason":"CreateContainerConfigError","message":)"(?:[^"\\\\]|\\\\.)*"/,
    '$1"failed to sync secret cache: timed out waiting for the condition"',
  );
  expect(text).toContain('timed out waiting');
  const { causes, open } = diagnose(withCluster(facts, { pods: JSON.parse(text) }));
  expect([causes, open]).toEqual([[], [expect.stringMatching(/^why discord-bot of discord-bot-\S+ is not ready/)]]);
});
