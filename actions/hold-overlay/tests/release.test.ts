import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AskPorts } from '#core/release/ask.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, promote, rollBack } from '#tests/support/writers.ts';
import { edited, expectDeploys, OVERLAY, revert } from './hands.ts';

jest.setTimeout(120_000);

const BY_PROMOTION = 'deploys: on-promotion, from: staging';
const UNKNOWN = `digest: sha256:${'7'.repeat(64)}`;
const RELEASE = { action: 'release', reason: 'it is fine' };

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

const holds = () => stage.tenant.remoteGit('show', `main:overlays/production/holds.yaml`);

/** A run that believes it is another moment. */
const at = (time: string) => ({
  change: (ports: AskPorts): AskPorts => ({ ...ports, clock: { ...ports.clock, now: () => new Date(time) } }),
});

describe('a release of a change by hand', () => {
  test('that is the newest build already: it is accepted in writing, and the next bump goes on from it', async () => {
    const { tenant, good, sources } = stage;
    const { source, digest } = await stage.change('by hand first');
    tenant.commit(edited(stage, 'discord-bot', `digest: ${digest}`), 'hurry');
    const released = await hold(tenant, { ...RELEASE, image: 'discord-bot' });
    expect(released).toMatchObject({ outcome: 'landed', images: [{ outcome: 'unchanged' }] });
    expect(holds()).toMatch(new RegExp(`kind: accepted[^]*digest: ${digest}\\s+source: ${source}`));
    const images = { images: `discord-bot=${digest}` };
    expect((await bump(tenant, { ...images, 'source-sha': source })).outcome).toBe('unchanged');
    const old = await bump(tenant, { images: `discord-bot=${good}`, 'source-sha': sources.good });
    expect(old.outcome).toBe('superseded');
    await expectDeploys(stage);
    expect(holds()).not.toContain('accepted');
  });

  test('again changes nothing', async () => {
    const { digest } = await stage.change('by hand first');
    stage.tenant.commit(edited(stage, 'discord-bot', `digest: ${digest}`), 'hurry');
    await hold(stage.tenant, RELEASE);
    const head = stage.tenant.remoteGit('rev-parse', 'main');
    const again = await hold(stage.tenant, RELEASE);
    expect(again).toMatchObject({ outcome: 'unchanged', holds: [] });
    expect(stage.tenant.remoteGit('rev-parse', 'main')).toBe(head);
  });

  test('in an environment that takes promotions: the digest is accepted, and the next promotion lands', async () => {
    const { tenant, bad } = stage;
    configure(stage, 'production', BY_PROMOTION);
    const hand = tenant.commit(edited(stage, 'discord-bot', UNKNOWN), 'a try');
    const { digest, source } = await stage.change('next');
    await bump(tenant, { images: stage.all(digest), 'source-sha': source, environment: '' });
    expect([stage.read('discord-bot', 'staging'), stage.read()]).toEqual([digest, UNKNOWN.slice(8)]);
    await expect(promote(tenant)).rejects.toThrow(
      `production/discord-bot is held (changed by hand in ${hand.slice(0, 7)}`,
    );
    expect(stage.read()).toBe(UNKNOWN.slice(8));
    expect((await hold(tenant, RELEASE)).outcome).toBe('landed');
    expect([stage.read(), stage.read('dev-sandbox')]).toEqual([UNKNOWN.slice(8), bad]);
    expect((await promote(tenant)).outcome).toBe('landed');
    expect([stage.read(), stage.read('dev-sandbox')]).toEqual([digest, digest]);
  });

  test('without a digest, where no build takes its place: refused, and the revert that it advises works', async () => {
    const { tenant, bad } = stage;
    configure(stage, 'production', BY_PROMOTION);
    const hand = tenant.commit(edited(stage, 'discord-bot', 'newTag: v1'), 'by tag');
    await expect(hold(tenant, RELEASE)).rejects.toThrow(`revert ${hand.slice(0, 7)}, or write a digest`);
    revert(stage, hand);
    expect(await hold(tenant, RELEASE)).toMatchObject({ outcome: 'unchanged' });
    expect(stage.read()).toBe(bad);
  });

  test('a job that is run again lets go of nothing that was held after it', async () => {
    const { tenant, bad, good } = stage;
    revert(stage, 'HEAD');
    await hold(tenant, RELEASE, { run: '7000' });
    expect(stage.read()).toBe(bad);
    expect(await hold(tenant, RELEASE, { run: '7000' })).toMatchObject({ outcome: 'unchanged' });
    tenant.commit(edited(stage, 'discord-bot', `digest: ${good}`), 'no, really');
    const again = () => hold(tenant, RELEASE, { run: '7000' });
    await expectRefused(import.meta.dirname, 'run-again', tenant, again);
    expect(stage.read()).toBe(good);
    expect((await hold(tenant, RELEASE, { run: '7001' })).outcome).toBe('landed');
  });

  test('nor does a rollback job that is run again undo it', async () => {
    const { tenant, bad, good, base } = stage;
    await rollBack(tenant, {}, { run: '7100', sha: base });
    expect(stage.read()).toBe(good);
    tenant.commit(edited(stage, 'discord-bot', `digest: ${bad}`), 'it was not that');
    await expect(rollBack(tenant, {}, { run: '7100', sha: base })).rejects.toThrow('start the workflow again');
    expect(stage.read()).toBe(bad);
  });
});

test('an entry that was taken out is refused by name, and holds nothing', async () => {
  const { tenant, bad } = stage;
  const text = tenant.readOverlay();
  const without = text.replace(/ {2}# discord-bot\n {2}- name: discord-bot\n.*\n.*\n/, '');
  tenant.commit({ [OVERLAY]: `${without}\n` }, 'take it out');
  await expect(bump(tenant, { images: `discord-bot=${bad}` })).rejects.toThrow('has no images entry for discord-bot');
  expect((await hold(tenant, RELEASE)).outcome).toBe('unchanged');
});

describe('what holds for a time', () => {
  const FROZEN = { from: '2026-12-24 00:00', to: '2026-12-27 00:00' };

  beforeEach(() => {
    const freeze = `{reason: holidays, zone: UTC, from: "${FROZEN.from}", to: "${FROZEN.to}"}`;
    configure(stage, 'production', `deploys: on-push, freezes: [${freeze}]`);
  });

  test('a freeze holds, and at its end the newest build lands once', async () => {
    const { tenant, bad } = stage;
    const [early, late] = [await stage.change('early'), await stage.change('late')];
    const deploy = ({ digest, source }: typeof early, time: string) =>
      bump(tenant, { images: `discord-bot=${digest}`, 'source-sha': source }, at(time));
    const frozen = await deploy(early, '2026-12-25T12:00:00Z');
    expect(frozen).toMatchObject({ outcome: 'held', images: [{ hold: { kind: 'freeze', reason: 'holidays' } }] });
    expect(frozen.summary).toContain('until 2026-12-27 00&#58;00 UTC');
    expect((await deploy(late, '2026-12-26T23:59:59Z')).outcome).toBe('held');
    expect(stage.read()).toBe(bad);
    expect((await deploy(late, '2026-12-27T00:00:00Z')).outcome).toBe('landed');
    expect((await deploy(late, '2026-12-27T00:01:00Z')).outcome).toBe('unchanged');
    expect((await deploy(early, '2026-12-27T00:02:00Z')).outcome).toBe('superseded');
    expect(stage.read()).toBe(late.digest);
  });

  test('a release in a freeze deploys this once, with its reason in the history', async () => {
    const { tenant } = stage;
    const { digest } = await stage.change('urgent');
    const released = await hold(tenant, { ...RELEASE, reason: 'a leak' }, at('2026-12-25T12:00:00Z'));
    expect(released.outcome).toBe('landed');
    expect(stage.read()).toBe(digest);
    expect(tenant.releases()[0]).toContain('reason=a%20leak');
    const next = await stage.change('not urgent');
    const later = await bump(tenant, { images: `discord-bot=${next.digest}` }, at('2026-12-25T13:00:00Z'));
    expect(later.outcome).toBe('held');
  });

  test('a hold that ends lets the next bump land', async () => {
    const { tenant, bad } = stage;
    await hold(tenant, { until: '2h' });
    const { digest } = await stage.change('next');
    expect((await bump(tenant, { images: `discord-bot=${digest}` })).outcome).toBe('held');
    expect(stage.read()).toBe(bad);
    const later = new Date(Date.now() + 2 * 3_600_000 + 1_000).toISOString();
    expect((await bump(tenant, { images: `discord-bot=${digest}` }, at(later))).outcome).toBe('landed');
    expect(stage.read()).toBe(digest);
  });
});
