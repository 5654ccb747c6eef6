import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { AskPorts } from '#core/release/ask.ts';
import { describeError } from '#core/values/errors.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { listIntents } from '#tests/support/intents.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { configure, editEntry, openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { bump, hold, promote, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

const STAGING = 'overlays/staging/kustomization.yaml';

let stage: Stage;
let base: string;
let next: { source: string; digest: string };

/** Production takes promotions; staging runs one set more. */
beforeAll(async () => {
  stage = await openStage();
  configure(stage, 'production', 'deploys: on-promotion, from: staging');
  next = await stage.change('next');
  await bump(stage.tenant, { images: stage.all(next.digest), environment: '' });
  base = stage.tenant.remoteGit('rev-parse', 'main');
});

beforeEach(() => resetTo(base, stage.tenant));

afterAll(() => stage.tenant.close());

const golden = (name: string, summary: string) =>
  expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), normalizeText(summary));
const refused = (name: string, inputs: Record<string, string> = {}) =>
  expectRefused(import.meta.dirname, name, stage.tenant, () => promote(stage.tenant, inputs));
const both = () => [stage.read(), stage.read('dev-sandbox')];

describe('a promotion', () => {
  test('brings the exact set in one commit; one step takes it back; again is unchanged', async () => {
    const { tenant, bad } = stage;
    expect(both()).toEqual([bad, bad]);
    const promoted = await promote(tenant, { reason: 'it soaked' });
    golden('landed', promoted.summary);
    expect(tenant.remoteGit('rev-parse', 'main^')).toBe(base);
    expect(both()).toEqual([next.digest, next.digest]);
    expect(tenant.releases()[0]).toMatch(/^production\/\S+ .*kind=promotion .*reason=it%20soaked/);
    const again = await promote(tenant);
    golden('unchanged', again.summary);
    expect(again).toMatchObject({ outcome: 'unchanged', commit: undefined });
    expect((await rollBack(tenant)).outcome).toBe('landed');
    expect(both()).toEqual([bad, bad]);
  });

  test('of one image', async () => {
    expect((await promote(stage.tenant, { image: 'dev-sandbox' })).outcome).toBe('landed');
    expect(both()).toEqual([stage.bad, next.digest]);
  });

  test('of an older set is superseded, and the rollback that it advises goes back', async () => {
    const { tenant, bad } = stage;
    await promote(tenant);
    await rollBack(tenant, { environment: 'staging' });
    const older = await promote(tenant);
    golden('superseded', older.summary);
    expect(older.outcome).toBe('superseded');
    expect((await rollBack(tenant)).outcome).toBe('landed');
    expect(both()).toEqual([bad, bad]);
  });

  test('a push changes staging only, and is refused by production', async () => {
    const { tenant, bad } = stage;
    const { digest } = await stage.change('another');
    await bump(tenant, { images: stage.all(digest), environment: '' });
    expect([stage.read('discord-bot', 'staging'), stage.read()]).toEqual([digest, bad]);
    const push = bump(tenant, { images: stage.all(digest) });
    await expect(push).rejects.toThrow('takes releases by promotion from staging only');
  });
});

describe('refused', () => {
  test('what staging does not run any more when it would land; again, it brings what runs there', async () => {
    const { tenant, bad } = stage;
    const newer = await stage.change('newer');
    const change = (ports: AskPorts): AskPorts => {
      let isRival = true;
      const update: typeof ports.transport.update = async (updates) => {
        if (isRival) await bump(tenant, { images: stage.all(newer.digest), environment: 'staging' });
        isRival = false;
        return ports.transport.update(updates);
      };
      return { ...jumpOverPauses(ports), transport: { ...ports.transport, update } };
    };
    const run = promote(tenant, { image: 'discord-bot' }, { change });
    const message = await run.then(() => 'landed', describeError);
    expectGolden(join(import.meta.dirname, 'golden/refusals/changed-before.txt'), `${normalizeText(message)}\n`);
    expect([both(), listIntents(tenant)]).toEqual([[bad, bad], []]);
    expect((await promote(tenant)).outcome).toBe('landed');
    expect(both()).toEqual([newer.digest, newer.digest]);
  });

  test('what production holds; released, it lands', async () => {
    await rollBack(stage.tenant);
    await refused('held');
    await hold(stage.tenant, { action: 'release' });
    expect((await promote(stage.tenant)).outcome).toBe('landed');
    expect(both()).toEqual([next.digest, next.digest]);
  });

  test('what a hand changed in production; released, it lands', async () => {
    const { tenant, good } = stage;
    const text = editEntry(tenant.readOverlay(), 'discord-bot', `digest: ${good}`);
    tenant.commit({ 'overlays/production/kustomization.yaml': `${text}\n` }, 'by hand');
    await refused('held-by-hand');
    expect(stage.read()).toBe(good);
    await hold(tenant, { action: 'release' });
    expect((await promote(tenant)).outcome).toBe('landed');
    expect(both()).toEqual([next.digest, next.digest]);
  });

  test('what a hand changed in staging; released there, it lands', async () => {
    const { tenant, good } = stage;
    const text = editEntry(tenant.readOverlay('staging'), 'discord-bot', `digest: ${good}`);
    tenant.commit({ [STAGING]: `${text}\n` }, 'a try');
    await refused('not-ours');
    await hold(tenant, { environment: 'staging', action: 'release' });
    expect((await promote(tenant)).outcome).toBe('landed');
    expect(both()).toEqual([next.digest, next.digest]);
  });

  test('a set that the environment would run only a part of; one by one it lands', async () => {
    const { tenant, bad } = stage;
    await promote(tenant, { image: 'discord-bot' });
    await rollBack(tenant, { environment: 'staging', image: 'discord-bot' });
    await refused('torn');
    expect(both()).toEqual([next.digest, bad]);
    expect((await promote(tenant, { image: 'dev-sandbox' })).outcome).toBe('landed');
  });

  test('an image that staging got from elsewhere; the others land one by one', async () => {
    const { tenant } = stage;
    const config = tenant.remoteGit('show', 'main:slipway.yaml');
    const image = '  sidecar: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}';
    const entry = `  - name: sidecar\n    newName: ${tenant.registry.host}/sidecar\n    digest: sha256:${'5'.repeat(64)}\n`;
    tenant.commit({
      'slipway.yaml': `${config.replace('images:', `images:\n${image}`)}\n`,
      [STAGING]: `${tenant.readOverlay('staging')}\n${entry}`,
      'overlays/production/kustomization.yaml': `${tenant.readOverlay()}\n${entry.replaceAll('5', '0')}`,
    });
    await refused('never-landed');
    await refused('never-landed', { image: 'sidecar' });
    for (const one of ['discord-bot', 'dev-sandbox'])
      expect((await promote(tenant, { image: one })).outcome).toBe('landed');
  });

  test.each([
    ['no-from', { environment: 'staging' }],
    ['environment-unknown', { environment: 'producton' }],
    ['image-unknown', { image: 'discord-bott' }],
  ] as const)('%s', async (name, inputs) => {
    await refused(name, inputs);
  });

  test('an environment before that has no release yet; deployed to, it lands', async () => {
    const { tenant } = stage;
    const zeros = `sha256:${'0'.repeat(64)}`;
    const overlay = tenant.readOverlay().replaceAll(/sha256:[0-9a-f]{64}/g, zeros);
    const config = tenant.remoteGit('show', 'main:slipway.yaml');
    tenant.commit({
      'slipway.yaml': `${config.replace('from: staging', 'from: canary')}\n  canary: {overlay: overlays/canary, deploys: on-push}\n`,
      'overlays/canary/kustomization.yaml': `${overlay}\n`,
    });
    await refused('nothing-before');
    const { digest } = await stage.change('canary');
    await bump(tenant, { images: stage.all(digest), environment: 'canary' });
    expect((await promote(tenant)).outcome).toBe('landed');
    expect(both()).toEqual([digest, digest]);
  });

  test('an unreadable hold file, of either environment', async () => {
    for (const environment of ['staging', 'production']) {
      resetTo(base, stage.tenant);
      stage.tenant.commit({ [`overlays/${environment}/holds.yaml`]: 'image: discord-bot\n' });
      await refused(`holds-unreadable-${environment}`);
    }
  });
});
