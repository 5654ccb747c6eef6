import { expect, test } from '@jest/globals';
import { NotTaken } from '#core/github/refuse.ts';
import { Refusal } from '#core/values/errors.ts';
import { openRecords, type Records, recordAll } from '#core/verdict/tests/records.ts';
import { healthy, judge, release, report, type Said } from '#core/verdict/tests/said.ts';

const [old, young] = [release('b', 1), release('c', 0)];

async function settle(
  records: Records,
  releases: readonly ReturnType<typeof release>[],
  said: readonly Said[],
  minutes = 2,
) {
  return recordAll(releases, judge(releases, said, { minutes }), records);
}

const ran = { description: healthy('b'), entry: 1 };

test('a release is pending, then runs, then makes room for the next one', async () => {
  const records = openRecords();
  await settle(records, [release('b', 0)], []);
  await settle(records, [release('b', 0)], [{ description: healthy('b') }]);
  await settle(records, [young, old], [ran]);
  await settle(
    records,
    [young, old],
    [ran, { state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') }],
  );
  expect(records.writes).toMatchInlineSnapshot(`
[
  "deployment production/discord-bot bbb",
  "bbb in_progress: Pending: it waits for Argo CD",
  "status b0b slipway/production/discord-bot pending: Pending: it waits for Argo CD",
  "bbb success: Running: its digest runs, and the Application is healthy",
  "status b0b slipway/production/discord-bot success: Running: its digest runs, and the Application is healthy",
  "deployment production/discord-bot ccc",
  "ccc in_progress: Pending: it waits for Argo CD",
  "status c0c slipway/production/discord-bot pending: Pending: it waits for Argo CD",
  "bbb inactive: Running: its digest runs, and the Application is healthy",
  "ccc failure: Failed: the Application is degraded",
  "status c0c slipway/production/discord-bot failure: Failed: the Application is degraded",
]
`);
  expect(records.read()).toEqual(['production/discord-bot bbb running', 'production/discord-bot ccc failed, active']);
});

test('a second run writes nothing, whatever was proven', async () => {
  const states: readonly (readonly Said[])[] = [
    [],
    [ran],
    [ran, { description: healthy('c') }],
    [{ state: 'failure', description: report('Failed', 'Synced', 'Healthy') }],
    [{ state: 'pending', description: report('Succeeded', 'Synced', 'Suspended') }],
    [{ state: 'error', description: `${healthy('c')} deleting=true` }],
  ];
  for (const said of states) {
    for (const minutes of [2, 16]) {
      const records = openRecords();
      await settle(records, [young, old], said, minutes);
      const count = records.writes.length;
      const again = await settle(records, [young, old], said, minutes);
      expect([records.writes.slice(count), again.filter(({ isNew }) => isNew)]).toEqual([[], []]);
    }
  }
});

test.each([
  ['running', { description: healthy('b') }],
  ['failed', { state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') }],
  ['unknown', { state: 'pending', description: report('Succeeded', 'Synced', 'Suspended') }],
] as const)('%s never goes back to pending, where its report is out of reach', async (word, said) => {
  const records = openRecords();
  await settle(records, [release('b', 0)], [said]);
  const count = records.writes.length;
  await settle(
    records,
    [release('b', 0)],
    [{ state: 'pending', description: report('Running', 'OutOfSync', 'Healthy') }],
  );
  await settle(records, [release('b', 0)], [], 2);
  expect(records.writes.slice(count)).toEqual([]);
  expect(records.read()).toEqual([`production/discord-bot bbb ${word}, active`]);
});

test('the deadline takes no proof back', async () => {
  const records = openRecords();
  await settle(records, [release('b', 0)], [{ description: healthy('b') }]);
  const [again] = await settle(records, [release('b', 0)], [], 1_000);
  expect(again?.judgement).toMatchObject({ verdict: 'running', word: 'running' });
});

test('production is retired as well: GitHub does it only where an environment is not production', async () => {
  const records = openRecords();
  await settle(records, [young, old], [ran, { description: healthy('c') }]);
  expect(records.read()).toEqual(['production/discord-bot bbb running', 'production/discord-bot ccc running, active']);
});

test('two releases of one source: the status tells the newer one, the Deployments tell both', async () => {
  const records = openRecords();
  const { source } = young;
  await settle(
    records,
    [young, release('b', 1, { source })],
    [{ state: 'failure', description: report('Failed', 'Synced', 'Healthy'), entry: 1 }, { description: healthy('c') }],
  );
  expect([...records.onCommits.values()].map(({ state }) => state)).toEqual(['success']);
  expect(records.read()).toEqual(['production/discord-bot bbb failed', 'production/discord-bot ccc running, active']);
});

test('a record that another account or a lost answer doubled is not made a third time', async () => {
  const records = openRecords();
  const { environment, image, source, to: digest, commit, intent } = young;
  const subject = { environment, image, source, digest, release: commit, intent };
  await records.deployments.create(subject);
  await records.deployments.create(subject);
  await settle(records, [young], [{ description: healthy('c') }]);
  expect(records.writes.filter((line) => line.startsWith('deployment'))).toHaveLength(2);
});

test('what is too long for GitHub is cut', async () => {
  const records = openRecords();
  await settle(records, [young], [], 100_000);
  for (const { description } of records.onCommits.values()) expect(description.length).toBeLessThanOrEqual(140);
});

test('a run that is killed at any write: the next one comes to the same end', async () => {
  const said = [ran, { state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') }] as const;
  const quiet = openRecords();
  await settle(quiet, [young, old], said);
  expect(quiet.onCommits.size).toBe(2);
  const endOf = (records: Records) => [records.read(), [...records.onCommits].sort()];
  for (let stop = 0; stop < quiet.writes.length; stop++) {
    const records = openRecords();
    await expect(settle(killAfter(stop, records), [young, old], said)).rejects.toThrow('killed');
    await settle(records, [young, old], said);
    expect([stop, endOf(records)]).toEqual([stop, endOf(quiet)]);
  }
});

test('a status whose answer was lost is written by the next run, though a newer release took the place of its own', async () => {
  const records = openRecords();
  await settle(records, [release('b', 0)], []);
  await settle({ ...records, statuses: { ...records.statuses, set: async () => false } }, [young, old], []);
  await settle(records, [young, old], []);
  expect(records.writes.at(-2)).toMatch(/^status b0b slipway\/production\/discord-bot error: Unknown: superseded by /);
});

test('a release that GitHub cannot take keeps no other from its verdict; an outage is thrown, whatever is told already', async () => {
  const records = openRecords();
  const failing = (error: Error): Records => ({
    ...records,
    statuses: {
      ...records.statuses,
      newest: async (sha, context) => {
        if (sha === old.source) throw error;
        return records.statuses.newest(sha, context);
      },
    },
  });
  const [first, second] = await settle(failing(new NotTaken('no commit')), [young, old], [ran]);
  expect([first?.isNew, second]).toEqual([true, expect.objectContaining({ release: old, isNew: false })]);
  expect(records.read()).toContain('production/discord-bot ccc pending, active');
  await expect(settle(failing(new Refusal('no right')), [young, old], [ran])).rejects.toThrow('no right');
});

/** Lets a run end when it has written so much. */
function killAfter(count: number, records: Records): Records {
  const { deployments, statuses, writes } = records;
  const unless =
    <Args extends unknown[], T>(write: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (writes.length >= count) throw new Error('killed');
      return write(...args);
    };
  return {
    ...records,
    deployments: { ...deployments, create: unless(deployments.create), setState: unless(deployments.setState) },
    statuses: { ...statuses, set: unless(statuses.set) },
  };
}
