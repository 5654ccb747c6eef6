import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { leaveHold, listIntents } from '#tests/support/intents.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { build, bump } from '#tests/support/writers.ts';

jest.setTimeout(30_000);

let tenant: Tenant;

beforeEach(async () => {
  tenant = await startTenant({ images: ['discord-bot'], environments: ['production', 'staging'] });
});

afterEach(() => tenant.close());

test('a bump lands on a server without atomic pushes, with another writer’s intent, and says so', async () => {
  tenant.remoteGit('config', 'receive.advertiseAtomic', 'false');
  leaveHold(tenant, 'staging', 'wait');
  const digest = await build(tenant);
  const { outcome, runner } = await bump(tenant, { images: `discord-bot=${digest}`, environment: 'production' });
  expect(outcome).toBe('landed');
  expect(tenant.readOverlay()).toContain(digest);
  expect(listIntents(tenant)).toEqual([]);
  expect(runner.lines.join('\n')).toContain('The server takes one ref at a time (it has no atomic pushes)');
});

test('an intent whose ref outlived its landing on such a server is removed by the next writer, and lands once', async () => {
  tenant.remoteGit('config', 'receive.advertiseAtomic', 'false');
  leaveHold(tenant, 'staging', 'wait');
  const [ref = ''] = listIntents(tenant);
  const intent = tenant.remoteGit('rev-parse', ref);
  const inputs = { images: `discord-bot=${await build(tenant)}`, environment: 'production' };
  await bump(tenant, inputs, { change: jumpOverPauses });
  // as if the writer had died between the branch and the intents
  tenant.remoteGit('update-ref', ref, intent);
  tenant.commit({ 'app/main.js': '// 2\n' });
  const next = { ...inputs, images: `discord-bot=${await build(tenant)}` };
  expect((await bump(tenant, next, { change: jumpOverPauses })).outcome).toBe('landed');
  expect(listIntents(tenant)).toEqual([]);
  expect(tenant.remoteGit('log', 'main', '--format=%B').match(/^Slipway-Hold: /gm)).toHaveLength(1);
});

test('a bump lands whatever an earlier step told git about repositories', async () => {
  const digest = await build(tenant);
  const elsewhere = join(tenant.temp, 'elsewhere');
  const env = {
    GIT_DIR: join(elsewhere, '.git'),
    GIT_WORK_TREE: elsewhere,
    GIT_INDEX_FILE: join(elsewhere, 'index'),
    GIT_NAMESPACE: 'elsewhere',
    GIT_CEILING_DIRECTORIES: '/',
    GIT_DEFAULT_HASH: 'sha256',
  };
  const { outcome } = await bump(tenant, { images: `discord-bot=${digest}`, environment: 'production' }, { env });
  expect(outcome).toBe('landed');
  expect(tenant.readOverlay()).toContain(digest);
});
