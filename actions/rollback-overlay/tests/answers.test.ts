import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, promote, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

const golden = (name: string, summary: string) =>
  expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), normalizeText(summary));

/** Deploys the next push; returns what became of it. */
async function pushNext(text = 'next') {
  const { digest } = await stage.change(text);
  return { digest, ...(await bump(stage.tenant, { images: stage.all(digest) })) };
}

test('landed: pushes stay held, and the release that the summary advises deploys the newest', async () => {
  const { tenant, good } = stage;
  const back = await rollBack(tenant);
  golden('landed', back.summary);
  expect(stage.read()).toBe(good);
  const { outcome, digest } = await pushNext();
  expect([outcome, stage.read()]).toEqual(['held', good]);
  expect((await hold(tenant, { action: 'release' })).outcome).toBe('landed');
  expect(stage.read()).toBe(digest);
});

test('to the same release: unchanged, and the hold that the summary advises keeps it', async () => {
  const { tenant, bad, base } = stage;
  const same = await rollBack(tenant, { to: base });
  golden('unchanged', same.summary);
  expect(same).toMatchObject({ outcome: 'unchanged', commit: undefined });
  expect(tenant.remoteGit('rev-parse', 'main')).toBe(base);
  expect((await hold(tenant)).outcome).toBe('landed');
  expect((await pushNext()).outcome).toBe('held');
  expect(stage.read()).toBe(bad);
});

test('a newer release that came in between is rolled back as well, and named', async () => {
  const { tenant, base, good } = stage;
  const slipped = await pushNext('slipped in');
  expect(slipped.outcome).toBe('landed');
  const back = await rollBack(tenant, {}, { sha: base });
  golden('slipped', back.summary);
  expect(back.summary).toContain(slipped.digest.slice(0, 19));
  expect([stage.read(), stage.read('dev-sandbox')]).toEqual([good, good]);
});

test('of a rollback: the set that it took back lands again, and is held', async () => {
  const { tenant, base, bad } = stage;
  await rollBack(tenant);
  const forth = await rollBack(tenant, { to: base, reason: 'it was not that' });
  expect(forth.outcome).toBe('landed');
  expect(stage.read()).toBe(bad);
  const holds = tenant.remoteGit('show', 'main:overlays/production/holds.yaml');
  expect(holds.match(/kind: rollback/g)).toHaveLength(2);
  expect(holds).not.toContain('it answers 500');
  expect((await pushNext()).outcome).toBe('held');
});

test('of one image of two: the other one goes on', async () => {
  const { tenant, good, bad } = stage;
  const back = await rollBack(tenant, { image: 'discord-bot' });
  golden('one-image', back.summary);
  expect([stage.read(), stage.read('dev-sandbox')]).toEqual([good, bad]);
  const { digest, images } = await pushNext();
  expect(images.map(({ outcome }) => outcome)).toEqual(['held', 'landed']);
  expect([stage.read(), stage.read('dev-sandbox')]).toEqual([good, digest]);
});

test('on a held environment it lands, and both holds are let go together', async () => {
  const { tenant, good } = stage;
  await hold(tenant, { reason: 'audit' });
  expect((await rollBack(tenant)).outcome).toBe('landed');
  expect(stage.read()).toBe(good);
  const { digest, outcome } = await pushNext();
  expect(outcome).toBe('held');
  await hold(tenant, { action: 'release' });
  expect(stage.read()).toBe(digest);
  expect((await pushNext('and on')).outcome).toBe('landed');
});

test('on a frozen environment it lands, and the freeze stays', async () => {
  const freeze = '{reason: always, zone: UTC, weekly: {from: "mon 00:00", to: "sun 23:59"}}';
  const other = '{reason: the minute, zone: UTC, weekly: {from: "sun 23:59", to: "mon 00:00"}}';
  configure(stage, 'production', `deploys: on-push, freezes: [${freeze}, ${other}]`);
  expect((await rollBack(stage.tenant)).outcome).toBe('landed');
  expect(stage.read()).toBe(stage.good);
  const { images } = await pushNext();
  expect(images[0]?.hold?.kind).toBe('freeze');
});

test('in an environment that takes promotions: what the summary advises brings the next set', async () => {
  const { tenant, good, bad } = stage;
  configure(stage, 'production', 'deploys: on-promotion, from: staging');
  const back = await rollBack(tenant);
  golden('on-promotion', back.summary);
  expect(stage.read()).toBe(good);
  await expect(promote(tenant)).rejects.toThrow('production/discord-bot is held (rollback, by octocat');
  expect((await hold(tenant, { action: 'release' })).outcome).toBe('landed');
  expect(stage.read()).toBe(good);
  const { digest } = await stage.change('next');
  await bump(tenant, { images: stage.all(digest), environment: 'staging' });
  expect((await promote(tenant)).outcome).toBe('landed');
  expect([stage.read(), stage.read('dev-sandbox'), bad === digest]).toEqual([digest, digest, false]);
});
