import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, promote } from '#tests/support/writers.ts';
import { edited, expectDeploys } from './hands.ts';

jest.setTimeout(60_000);

const BOT = { image: 'discord-bot' };
const RELEASE = { action: 'release', reason: 'it is fine' };

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

const golden = (name: string, summary: string) =>
  expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), normalizeText(summary));

async function pushNext() {
  const { digest } = await stage.change('next');
  return { digest, ...(await bump(stage.tenant, { images: stage.all(digest) })) };
}

describe('a hold', () => {
  test('of an image: pushes leave it alone until the release that the summaries advise', async () => {
    const { tenant, bad } = stage;
    const set = await hold(tenant, { ...BOT, until: '2h' });
    golden('set-image', set.summary);
    const held = await pushNext();
    golden('bump-held-beside', held.summary);
    expect([stage.read(), stage.read('dev-sandbox')]).toEqual([bad, held.digest]);
    const let_go = await hold(tenant, { ...RELEASE, ...BOT });
    golden('release-deploys', let_go.summary);
    expect(stage.read()).toBe(held.digest);
  });

  test('of an environment; the same again is unchanged', async () => {
    const { tenant, bad } = stage;
    golden('set-environment', (await hold(tenant)).summary);
    const again = await hold(tenant);
    golden('set-already', again.summary);
    expect(again.outcome).toBe('unchanged');
    const held = await pushNext();
    golden('bump-held', held.summary);
    expect(held.outcome).toBe('held');
    expect(stage.read()).toBe(bad);
    await hold(tenant, RELEASE);
    expect(stage.read()).toBe(held.digest);
  });

  test('with another reason replaces the one before', async () => {
    const { tenant } = stage;
    await hold(tenant, { ...BOT, reason: 'one' });
    expect((await hold(tenant, { ...BOT, reason: 'two' })).outcome).toBe('landed');
    const text = tenant.remoteGit('show', 'main:overlays/production/holds.yaml');
    expect([text.includes('two'), text.includes('one\n')]).toEqual([true, false]);
  });
});

describe('a release', () => {
  test('with nothing pending says so, and the next push deploys', async () => {
    await hold(stage.tenant);
    const released = await hold(stage.tenant, RELEASE);
    golden('release-nothing-pending', released.summary);
    expect(released.outcome).toBe('landed');
    await expectDeploys(stage);
  });

  test('of nothing: unchanged, and the next push deploys', async () => {
    const released = await hold(stage.tenant, RELEASE);
    golden('release-nothing', released.summary);
    expect(released).toMatchObject({ outcome: 'unchanged', commit: undefined });
    await expectDeploys(stage);
  });

  test('where releases come by promotion: the next promotion deploys', async () => {
    const { tenant } = stage;
    configure(stage, 'production', 'deploys: on-promotion, from: staging');
    await hold(tenant);
    golden('release-on-promotion', (await hold(tenant, RELEASE)).summary);
    const { digest } = await stage.change('next');
    await bump(tenant, { images: stage.all(digest), environment: 'staging' });
    expect((await promote(tenant)).outcome).toBe('landed');
    expect(stage.read()).toBe(digest);
  });

  test('where releases come by hand: the same deploy again lands, as the summary of the held one says', async () => {
    const { tenant, good } = stage;
    configure(stage, 'production', 'deploys: by-hand');
    tenant.commit(edited(stage, 'discord-bot', `digest: ${good}`), 'go back');
    const { digest } = await stage.change('next');
    const deploy = () =>
      bump(tenant, { images: `discord-bot=${digest}` }, { env: { GITHUB_EVENT_NAME: 'workflow_dispatch' } });
    expect((await deploy()).summary).toContain('where releases come by hand: run this again afterwards');
    golden('release-by-hand', (await hold(tenant, RELEASE)).summary);
    expect((await deploy()).outcome).toBe('landed');
    expect(stage.read()).toBe(digest);
  });

  test('in a freeze, with nothing pending: the next push deploys when the freeze is over', async () => {
    const { tenant } = stage;
    const freeze = '{reason: holidays, zone: UTC, from: "2026-12-24 00:00", to: "2026-12-27 00:00"}';
    configure(stage, 'production', `deploys: on-push, freezes: [${freeze}]`);
    const at = (time: string) => ({
      change: (ports: Parameters<NonNullable<Parameters<typeof bump>[2]>['change'] & {}>[0]) => ({
        ...ports,
        clock: { ...ports.clock, now: () => new Date(time) },
      }),
    });
    golden('release-frozen', (await hold(tenant, RELEASE, at('2026-12-25T12:00:00Z'))).summary);
    const { digest } = await stage.change('next');
    const images = { images: `discord-bot=${digest}` };
    expect((await bump(tenant, images, at('2026-12-26T12:00:00Z'))).outcome).toBe('held');
    expect((await bump(tenant, images, at('2026-12-27T00:00:00Z'))).outcome).toBe('landed');
  });
});

describe('refused', () => {
  const refused = (name: string, inputs: Record<string, string>) =>
    expectRefused(import.meta.dirname, name, stage.tenant, () => hold(stage.tenant, inputs));

  test.each([
    ['action-unknown', { action: 'unset' }],
    ['until-malformed', { until: 'tomorrow' }],
    ['until-over', { until: '2020-01-01T00:00:00Z' }],
    ['until-far', { until: '400d' }],
    ['until-for-release', { action: 'release', until: '8h' }],
    ['no-reason', { reason: '' }],
    ['environment-unknown', { environment: 'producton' }],
    ['image-unknown', { image: 'discord-bott' }],
  ] as const)('%s', async (name, inputs) => {
    await refused(name, inputs);
  });

  test('one image of an environment that is held: the release that it advises works', async () => {
    await hold(stage.tenant);
    await refused('one-of-all', { ...RELEASE, ...BOT });
    expect((await hold(stage.tenant, RELEASE)).outcome).toBe('landed');
  });

  test('a change by hand without a digest', async () => {
    configure(stage, 'production', 'deploys: on-promotion, from: staging');
    stage.tenant.commit(edited(stage, 'discord-bot', 'newTag: v1'), 'by tag');
    await refused('no-digest', RELEASE);
    stage.tenant.commit(edited(stage, 'discord-bot', `digest: ${stage.good}`), 'by digest');
    expect((await hold(stage.tenant, RELEASE)).outcome).toBe('landed');
  });

  test('an unreadable hold file', async () => {
    stage.tenant.commit({ 'overlays/production/holds.yaml': '- image: discord-bot\n\tkind: manual\n' });
    await refused('holds-unreadable', {});
    await refused('holds-unreadable', RELEASE);
    stage.tenant.commit({ 'overlays/production/holds.yaml': '' });
    expect((await hold(stage.tenant)).outcome).toBe('landed');
  });
});
