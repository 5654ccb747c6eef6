import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, promote, rollBack } from '#tests/support/writers.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.tenant.close());

beforeEach(() => {
  stage.reset();
  configure(stage, 'production', 'deploys: on-promotion, from: staging');
});

/** A push that staging takes. */
async function push(text: string): Promise<string> {
  const { digest } = await stage.change(text);
  expect((await bump(stage.tenant, { images: stage.all(digest), environment: '' })).outcome).toBe('landed');
  return digest;
}

const commitsSince = (head: string): number =>
  Number(stage.tenant.remoteGit('rev-list', '--count', 'main', `^${head}`));

test('the exact set in one commit, and a second time nothing', async () => {
  const digest = await push('newer');
  expect(stage.read('discord-bot', 'production')).toBe(stage.bad);
  const head = stage.tenant.remoteGit('rev-parse', 'main');
  const promoted = await promote(stage.tenant, { reason: 'it is good' });
  expect(promoted.outcome).toBe('landed');
  expect(commitsSince(head)).toBe(1);
  for (const image of ['discord-bot', 'dev-sandbox']) expect(stage.read(image, 'production')).toBe(digest);
  expect(stage.tenant.releases().filter((line) => line.includes('kind=promotion'))).toHaveLength(2);
  expect((await promote(stage.tenant)).outcome).toBe('unchanged');
  expect(commitsSince(head)).toBe(1);
});

test('one image alone', async () => {
  const digest = await push('newer');
  await promote(stage.tenant, { image: 'discord-bot' });
  expect([stage.read('discord-bot'), stage.read('dev-sandbox')]).toEqual([digest, stage.bad]);
});

test('a push never changes an environment that takes promotions', async () => {
  const { digest } = await stage.change('newer');
  await bump(stage.tenant, { images: stage.all(digest), environment: '' });
  expect(stage.read()).toBe(stage.bad);
  await expect(bump(stage.tenant, { images: stage.all(digest) })).rejects.toThrow(
    'environment: production takes releases by promotion from staging only (slipway.yaml, deploys: on-promotion); promote the release instead',
  );
});

test('what is held is refused, and lands once it is let go', async () => {
  const digest = await push('newer');
  await hold(stage.tenant);
  await expect(promote(stage.tenant)).rejects.toThrow(
    /^environment: production\/discord-bot is held \(manual, by octocat since .*: we look at it\); release it first: workflow Hold, action release$/,
  );
  expect(stage.read()).toBe(stage.bad);
  await hold(stage.tenant, { action: 'release' });
  expect(stage.read()).toBe(stage.bad);
  expect((await promote(stage.tenant)).outcome).toBe('landed');
  expect(stage.read()).toBe(digest);
});

test('what was not landed by this pipeline is refused, and the remedy helps', async () => {
  await push('newer');
  stage.tenant.git('pull', '-q', '--rebase', 'origin', 'main');
  stage.tenant.git('revert', '--no-edit', 'HEAD');
  stage.tenant.git('push', '-q', 'origin', 'HEAD:main');
  await expect(promote(stage.tenant)).rejects.toThrow(
    /^environment: staging\/discord-bot was not landed by this pipeline \(changed by hand in .*\); release it in staging first: workflow Hold, action release$/,
  );
  await hold(stage.tenant, { action: 'release', environment: 'staging' });
  expect((await promote(stage.tenant)).outcome).toBe('landed');
});

test('what is older than production is superseded: going back is a rollback', async () => {
  await push('newer');
  await promote(stage.tenant);
  await rollBack(stage.tenant, { environment: 'staging' });
  const late = await promote(stage.tenant);
  expect(late.outcome).toBe('superseded');
  expect(late.summary).toContain('To go back on purpose: [Rollback]');
  await rollBack(stage.tenant, { environment: 'production' });
  expect(stage.read('discord-bot', 'production')).toBe(stage.read('discord-bot', 'staging'));
});

test('an environment without from is refused', async () => {
  await expect(promote(stage.tenant, { environment: 'staging' })).rejects.toThrow(
    'environment: staging has no environment to take releases from; set from in slipway.yaml (environments.staging.from)',
  );
});
