import { describe, expect, test } from '@jest/globals';
import { describeVerdict, dropUnseen, findSeenRunning, openProof } from '#core/release/proven-sets.ts';
import { type Landing, listSteps, traceSets } from '#core/release/sets.ts';
import type { ReleaseKind } from '#core/release/trailer.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Verdict } from '#core/verdict/proven.ts';
import { commitOf, digestOf, ulidOf } from './state-builder.ts';

/** Landings of image a, each `<digest>@<second>`; `<` before it for a rollback. Its intent is its place. */
function landingsOf(text: string): Landing[] {
  return text.split(' ').map((word, index) => {
    const kind: ReleaseKind = word.startsWith('<') ? 'rollback' : 'deploy';
    const [digest = '', second = ''] = word.replace('<', '').split('@');
    const commit = commitOf(index + 1);
    const common = { environment: 'production', image: 'a', from: undefined, run: '', actor: '', kind, commit };
    const release = { ...common, to: digestOf(digest), source: commitOf(100 + index), intent: ulidOf(index) };
    return { commit, releases: [release], at: new Date(Number(second) * 1_000) };
  });
}

const warnings: string[] = [];
const log = { debug: () => {}, info: () => {}, warn: (message: string) => void warnings.push(message) };

/** Verdicts by the place of the landing; everything else has none. Counts how often it is asked. */
function say(words: Readonly<Record<number, Verdict['word']>>) {
  const asked: number[] = [];
  const verdicts = {
    of: async ({ intent }: { intent: string }): Promise<Verdict> => {
      asked.push(Number(intent));
      return { word: words[Number(intent)] ?? 'none', said: '' };
    },
  };
  return { proof: openProof({ verdicts, log }), asked };
}

async function stepsOf(text: string, words: Readonly<Record<number, Verdict['word']>>): Promise<string> {
  const timeline = traceSets(landingsOf(text));
  const current = new Map([...(timeline.sets.at(-1)?.builds ?? [])].map(([image, { digest }]) => [image, digest]));
  const kept = await dropUnseen(listSteps(timeline, current), say(words).proof);
  return kept.map(({ builds }) => builds.get('a')?.digest[7]).join('');
}

describe('steps back', () => {
  test('a set that was replaced within a minute and never seen running does not count', async () => {
    expect(await stepsOf('a@0 b@1000 c@1059 d@2000', { 0: 'running', 1: 'unknown', 2: 'running' })).toBe('ca');
    expect(await stepsOf('a@0 b@1000 c@1059 d@2000', { 0: 'running', 2: 'running' })).toBe('ca');
  });

  test('it counts where it was seen running, after a minute, and where no verdict was ever written', async () => {
    expect(await stepsOf('a@0 b@1000 c@1059 d@2000', { 0: 'running', 1: 'running' })).toBe('cba');
    expect(await stepsOf('a@0 b@1000 c@1060 d@2000', { 0: 'running', 1: 'failed' })).toBe('cba');
    expect(await stepsOf('a@0 b@1000 c@1059 d@2000', {})).toBe('cba');
  });

  test('a set that a rollback landed again counts as that time', async () => {
    expect(await stepsOf('a@0 b@30 c@40 <a@1000 d@2000', { 0: 'failed', 3: 'running' })).toBe('a');
    expect(await stepsOf('a@0 b@30 <a@40 d@50 e@2000', { 0: 'failed', 2: 'running' })).toBe('da');
    expect(await stepsOf('a@0 b@30 <a@40 d@50 e@2000', { 0: 'failed', 2: 'failed', 3: 'running' })).toBe('d');
  });

  test('nothing is asked where no set was brief', async () => {
    const { proof, asked } = say({ 0: 'running' });
    await dropUnseen(listSteps(traceSets(landingsOf('a@0 b@100 c@200')), new Map([['a', digestOf('c')]])), proof);
    expect(asked).toEqual([]);
  });

  test('the nearest that was seen running is found, each release asked once', async () => {
    const { proof, asked } = say({ 0: 'running', 1: 'running', 2: 'failed' });
    const steps = listSteps(traceSets(landingsOf('a@0 b@100 c@200 d@300')), new Map([['a', digestOf('d')]]));
    expect((await findSeenRunning(steps, proof))?.commit).toBe(commitOf(2));
    await findSeenRunning(steps, proof);
    expect(asked).toEqual([2, 1]);
  });
});

test('a set runs where everything that it brought does; else the worst is said', async () => {
  const [landing] = landingsOf('a@0');
  if (landing === undefined) throw new Error('no landing');
  const [release] = landing.releases;
  if (release === undefined) throw new Error('no release');
  const other = { ...release, image: 'b', intent: ulidOf(1) };
  const [set] = traceSets([{ ...landing, releases: [release, other] }]).sets;
  if (set === undefined) throw new Error('no set');
  const word = async (one: Verdict['word'], two: Verdict['word']) =>
    (await say({ 0: one, 1: two }).proof.ofSet(set))?.word;
  expect(await word('running', 'running')).toBe('running');
  expect(await word('running', 'pending')).toBe('pending');
  expect(await word('pending', 'failed')).toBe('failed');
  expect(await word('none', 'unknown')).toBe('unknown');
});

test('GitHub that does not answer is asked once and said once; a bug of ours is not hidden', async () => {
  const [release] = landingsOf('a@0')[0]?.releases ?? [];
  const [second] = landingsOf('a@0 b@1')[1]?.releases ?? [];
  if (release === undefined || second === undefined) throw new Error('no release');
  let asked = 0;
  const verdicts = {
    of: () => {
      asked += 1;
      return Promise.reject(new Refusal('GitHub is down'));
    },
  };
  warnings.length = 0;
  const proof = openProof({ verdicts, log });
  expect([await proof.of(release), await proof.of(second), asked]).toEqual([undefined, undefined, 1]);
  expect([proof.silence(), warnings]).toEqual(['GitHub is down', ['What runs is not known: GitHub is down']]);
  const broken = openProof({ verdicts: { of: () => Promise.reject(new TypeError('ours')) }, log });
  await expect(broken.of(release)).rejects.toThrow('ours');
  expect(openProof({ log }).silence()).toContain('no token');
});

test('what was said is text from outside: one line, without control characters, cut', () => {
  const said = `Failed: ${'x'.repeat(10)}\n\u001B[31m::set-output name=a::b\n${'y'.repeat(300)}`;
  const text = describeVerdict({ word: 'failed', said, at: '2026-11-27T10:00:59Z' });
  expect(text).toMatch(/^failed, 2026-11-27 10:00 UTC: x{10} \[31m::set-output name=a::b y+…$/);
  expect(text.length).toBeLessThan(180);
  expect(describeVerdict({ word: 'none', said: '', at: 'yesterday' })).toBe('none');
});
