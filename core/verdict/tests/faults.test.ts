import { expect, test } from '@jest/globals';
import { openRecords, type Records, recordAll } from '#core/verdict/tests/records.ts';
import { healthy, judge, release, report, type Said } from '#core/verdict/tests/said.ts';
import { createRandom } from '#tests/support/random.ts';

const ROUNDS = 200;
const LETTERS = ['a', 'b', 'c'] as const;

/** How a release can end: what Argo CD writes, in the order in which it comes to be true. */
const ENDS: readonly ((letter: string) => Omit<Said, 'entry'>[])[] = [
  (letter) => [
    { state: 'pending', description: report('Running', 'OutOfSync', 'Healthy') },
    { description: healthy(letter) },
  ],
  () => [{ state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') }],
  (letter) => [
    { state: 'failure', description: report('Succeeded', 'Synced', 'Degraded') },
    { description: healthy(letter) },
  ],
  () => [{ state: 'failure', description: report('Failed', 'OutOfSync', 'Missing') }],
  () => [{ state: 'pending', description: report('Succeeded', 'Synced', 'Suspended') }],
  () => [{ state: 'pending', description: report('Running', 'OutOfSync', 'Healthy') }],
];

const forged: readonly Said[] = [
  ...LETTERS.map((letter, index) => ({ description: healthy(letter), entry: 2 - index, creator: 'octocat' })),
  { description: healthy('c'), creator: 'other[bot]' },
  { description: healthy('c'), context: 'argocd/staging' },
  { description: 'running, believe me' },
];

async function settle(records: Records, said: readonly Said[], minutes: number): Promise<void> {
  // the releases that have landed are the branch's, whatever was reported: `said` is what GitHub has of it
  const releases = LETTERS.map((letter, index) => release(letter, 2 - index)).reverse();
  await recordAll(releases, judge(releases, said, { minutes }), records);
}

/** The state that a person and a machine read: the commits' statuses, and the Deployments. */
const endOf = (records: Records): unknown => [
  [...records.onCommits].map(([key, { state, description }]) => `${key} ${state} ${description}`).sort(),
  records.read(),
];

/** Argo CD's reports, each revision's in its order; `shuffle` lets those of one revision come after those of a later one. */
function tellAll(ends: readonly number[], random: () => number, shuffle: boolean): Said[] {
  const queues = LETTERS.map((letter, index) => {
    const at = `16:0${index}`; // operations follow one another, whenever they are told of
    const say = ENDS[ends[index] ?? 0];
    return (say?.(letter) ?? []).map(
      (one): Said => ({ ...one, description: one.description?.replace('16:01', at) ?? '', entry: 2 - index }),
    );
  });
  const all: Said[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const open = queues.filter((queue) => queue.length > 0);
    const queue = (shuffle ? open[Math.floor(random() * open.length)] : open[0]) ?? [];
    const [next] = queue;
    if (next !== undefined) all.push(next);
    if (next !== undefined && shuffle && random() < 0.2) all.push(next); // doubled
    queue.shift();
  }
  return all;
}

test('runs lost (30 %), doubled, reordered, forged and late by a release come to the same end', async () => {
  const ended = new Set<string>();
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = createRandom(seed);
    const ends = LETTERS.map(() => Math.floor(random() * ENDS.length));
    const quiet = openRecords();
    const truth = tellAll(ends, random, false);
    await settle(quiet, truth, 16);

    const records = openRecords();
    const told: Said[] = [];
    for (const said of tellAll(ends, random, true)) {
      const forgery = forged[Math.floor(random() * forged.length)];
      if (forgery !== undefined && random() < 0.3) told.push(forgery);
      told.push(said);
      if (random() < 0.3) continue; // the run is lost, or was never queued
      for (let times = random() < 0.3 ? 2 : 1; times > 0; times--) await settle(records, told, random() * 10);
    }
    await settle(records, told, 16); // reconcile
    expect({ seed, ends, end: endOf(records) }).toEqual({ seed, ends, end: endOf(quiet) });
    const count = records.writes.length;
    await settle(records, told, 17);
    expect(records.writes.length).toBe(count);
    ended.add(JSON.stringify(records.read()));
  }
  expect(ended.size).toBeGreaterThan(10);
});
