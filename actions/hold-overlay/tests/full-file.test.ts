import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { hold } from '#tests/support/writers.ts';

let tenant: Tenant;

beforeEach(async () => {
  tenant = await startTenant();
});

afterEach(() => tenant.close());

test('a hold that its file has no room for is refused, and is not tried for ever', async () => {
  const comment = `# ${'x'.repeat(97)}\n`;
  tenant.commit({ 'overlays/production/holds.yaml': comment.repeat(655) }, 'a long file');
  const before = tenant.remoteGit('rev-parse', 'main');
  await expect(hold(tenant, { image: 'discord-bot' })).rejects.toThrow(
    /^overlays\/production\/holds.yaml:1: is larger than 64 KiB: remove holds that are over/,
  );
  expect(tenant.remoteGit('rev-parse', 'main')).toBe(before);
});
