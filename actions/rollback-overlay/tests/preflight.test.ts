import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { openEcrRegistry } from '#core/registry/ecr-registry.ts';
import { openRegistry } from '#core/registry/open.ts';
import type { RegistryLocation } from '#core/registry/registry.ts';
import type { AskPorts } from '#core/release/ask.ts';
import type { Digest } from '#core/values/reference.ts';
import { createTestClock } from '#tests/support/clock.ts';
import { putImage, putIndex } from '#tests/support/images.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { bump, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

let stage: Stage;
let base: string;

/** The stage's good build, then `digest`, then `later`: one step back is the digest, two are good. */
beforeAll(async () => {
  stage = await openStage({ environments: ['production'], images: ['discord-bot'] });
  base = stage.tenant.remoteGit('rev-parse', 'main~2'); // good runs
});

beforeEach(() => resetTo(base, stage.tenant));

afterAll(() => stage.tenant.close());

async function release(digest: string): Promise<void> {
  stage.tenant.commit({ 'app/main.js': `// for ${digest}\n` }, 'one that cannot be pulled');
  const { outcome } = await bump(stage.tenant, { images: `discord-bot=${digest}` });
  expect(outcome).toBe('landed');
}

/** Expects that a step back is refused, and that the nearest usable release of the table can be landed. */
async function expectRefusedTwice(name: string, digest: Digest, spoil: () => void): Promise<void> {
  const { tenant, good, bad } = stage;
  await release(digest);
  await release(bad);
  spoil();
  const run = (inputs = {}) => rollBack(tenant, inputs);
  const message = await expectRefused(import.meta.dirname, name, tenant, run);
  const [steps, ...others] = [...message.matchAll(/^ {2}(\d+) {2}/gm)].map(([, count]) => count);
  expect([steps, others]).toEqual(['2', []]);
  const override = run({ override: 'true' });
  await expect(override).rejects.toThrow('nothing was written'); // what the registry says still counts
  expect((await run({ steps: '2' })).outcome).toBe('landed');
  expect(stage.read()).toBe(good);
}

const image = (nonce: string, options = {}) =>
  putImage(stage.tenant.registry, 'discord-bot', {
    config: { os: 'linux', architecture: 'amd64', nonce },
    layers: [`base of ${nonce}`, `app of ${nonce}`],
    tag: nonce,
    ...options,
  });

test('a digest that was deleted', async () => {
  const { digest } = image('deleted');
  await expectRefusedTwice('deleted', digest, () => stage.tenant.registry.remove('discord-bot', digest));
});

test('a digest that ECR has archived: restored, as the message says, it is landed', async () => {
  const { tenant, bad } = stage;
  const { digest } = image('archived');
  await release(digest);
  await release(bad);
  const credentials = { username: 'AWS', password: 'a-token' };
  const ecr = { logIn: async () => ({ host: tenant.registry.host, credentials }), describe: async () => ({}) };
  const place = { type: 'ecr', account: '123456789012', region: 'ca-central-1' } as const;
  const deps = { environment: {}, mask: () => {}, clock: createTestClock() };
  const onEcr = { change: (ports: AskPorts) => ({ ...ports, openRegistry: () => openEcrRegistry(ecr, place, deps) }) };
  tenant.registry.remove('discord-bot', digest);
  await expectRefused(import.meta.dirname, 'archived', tenant, () => rollBack(tenant, {}, onEcr));
  image('archived');
  expect((await rollBack(tenant, {}, onEcr)).outcome).toBe('landed');
  expect(stage.read()).toBe(digest);
});

test('an index whose image was deleted', async () => {
  const { registry } = stage.tenant;
  const child = image('child');
  const index = putIndex(registry, 'discord-bot', [[child.digest, 'linux/amd64']]);
  await expectRefusedTwice('child-deleted', index, () => registry.remove('discord-bot', child.digest));
});

test('a layer that was deleted; pushed again, it works', async () => {
  const { tenant, bad } = stage;
  const { digest, layers } = image('layer');
  await release(digest);
  await release(bad);
  for (const layer of layers.slice(1)) tenant.registry.remove('discord-bot', layer);
  await expectRefused(import.meta.dirname, 'layer-deleted', tenant, () => rollBack(tenant));
  image('layer');
  expect((await rollBack(tenant)).outcome).toBe('landed');
  expect(stage.read()).toBe(digest);
});

test('an image of another platform', async () => {
  const { digest } = image('arm', { config: { os: 'linux', architecture: 'arm64' } });
  await expectRefusedTwice('platform', digest, () => {});
});

test('no usable release at all', async () => {
  const { tenant, bad, good } = stage;
  await release(bad);
  const blob = await fetch(`http://${tenant.registry.host}/v2/discord-bot/manifests/${good}`).then((got) => got.text());
  tenant.registry.remove('discord-bot', good);
  await expectRefused(import.meta.dirname, 'none-usable', tenant, () => rollBack(tenant));
  tenant.registry.put('discord-bot', 'again', JSON.parse(blob));
  expect((await rollBack(tenant)).outcome).toBe('landed');
});

test('a registry that does not answer; with override the commit and the hold say so', async () => {
  const { tenant, bad, good } = stage;
  await release(bad);
  const down = { match: /GET|HEAD/, times: 400, status: 503 };
  tenant.registry.fail(down);
  const deps = { environment: {}, mask: () => {}, clock: createTestClock() };
  const quick = {
    change: (ports: AskPorts) => ({ ...ports, openRegistry: (place: RegistryLocation) => openRegistry(place, deps) }),
  };
  await expectRefused(import.meta.dirname, 'registry-down', tenant, () => rollBack(tenant, {}, quick));
  const result = await rollBack(tenant, { override: 'true' }, quick);
  expect(result).toMatchObject({ outcome: 'landed', isUnchecked: true });
  expect(stage.read()).toBe(good);
  const reason = 'it answers 500 (the registry did not answer: override)';
  expect(tenant.remoteGit('log', '-1', '--format=%B', 'main')).toContain(`Reason: ${reason}`);
  expect(tenant.remoteGit('show', 'main:overlays/production/holds.yaml')).toContain(reason);
  expect(result.runner.warnings.join()).toContain('Landing unchecked, as override asks');
  expect(result.summary).toContain('whether the cluster can pull the images was not checked');
});
