import { readdirSync } from 'node:fs';
import { afterEach, expect, jest, test } from '@jest/globals';
import { killAfter } from '#tests/support/kill.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';

jest.setTimeout(120_000);

let tenant: Tenant;

afterEach(() => tenant.close());

test('ten writers at once on ten images: ten of ten land', async () => {
  const images = Array.from({ length: 10 }, (_, index) => `service-${index}`);
  tenant = await startTenant({ images });
  const source = tenant.remoteGit('rev-parse', 'main');
  const digests = images.map((image) => tenant.push(image, image));
  const results = await Promise.all(
    images.map((image, index) => tenant.bump({ images: `${image}=${digests[index]}`, 'source-sha': source })),
  );
  expect(results.map((result) => result.outputs['outcome'])).toEqual(images.map(() => 'landed'));
  for (const digest of digests) expect(tenant.readOverlay()).toContain(digest);
  expect(tenant.releases()).toHaveLength(10);
});

test('killed at any moment and run again: one commit, nothing left behind', async () => {
  tenant = await startTenant();
  const source = tenant.remoteGit('rev-parse', 'main');
  for (let moment = 40; moment <= 640; moment += 60) {
    const digest = tenant.push('discord-bot', `at ${moment}`);
    const before = tenant.releases().length;
    const inputs = { images: `discord-bot=${digest}`, 'source-sha': source };
    await tenant.bump(inputs, { onStart: killAfter(moment) });
    const again = await tenant.bump(inputs);
    expect(['landed', 'unchanged']).toContain(again.outputs['outcome']);
    expect(tenant.releases()).toHaveLength(before + 1);
    expect(tenant.readOverlay()).toContain(digest);
    expect(readdirSync(tenant.temp)).toEqual([]);
  }
});
