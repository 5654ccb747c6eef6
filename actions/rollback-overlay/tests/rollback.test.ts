import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Digest } from '#core/values/reference.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { build, bump, hold, rollBack } from '#tests/support/writers.ts';

let tenant: Tenant;

beforeEach(async () => {
  tenant = await startTenant();
});

afterEach(() => tenant.close());

const overlay = () => tenant.readOverlay();

/** A push that changes the app, its build, and its bump; returns the build's digest. */
async function deploy(text: string): Promise<Digest> {
  tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
  const digest = await build(tenant);
  expect((await bump(tenant, { images: `discord-bot=${digest}` })).outcome).toBe('landed');
  return digest;
}

test('one step back: one commit, held, and the next push stays held until it is released', async () => {
  const good = await deploy('good');
  const bad = await deploy('bad');
  const back = await rollBack(tenant);
  expect(back.outcome).toBe('landed');
  expect(overlay()).toContain(good);
  expect(tenant.remoteGit('show', 'main:overlays/production/holds.yaml')).toContain('it answers 500');
  expect(tenant.remoteGit('diff-tree', '-r', '--name-only', '--no-commit-id', back.commit ?? '').split('\n')).toEqual([
    'overlays/production/holds.yaml',
    'overlays/production/kustomization.yaml',
  ]);
  tenant.commit({ 'app/main.js': '// better\n' }, 'better');
  const better = await build(tenant);
  expect((await bump(tenant, { images: `discord-bot=${better}` })).outcome).toBe('held');
  expect((await bump(tenant, { images: `discord-bot=${bad}` })).outcome).toBe('held');
  expect(overlay()).toContain(good);
  const released = await hold(tenant, { action: 'release' });
  expect(released.outcome).toBe('landed');
  expect(overlay()).toContain(better);
  expect(tenant.remoteGit('show', 'main:overlays/production/holds.yaml')).not.toContain('it answers 500');
  expect(await deploy('next')).toBeTruthy();
});

test('steps count the sets that ran: after A, B, C, D and two steps back to B, one more step is A', async () => {
  const [a, b] = [await deploy('A'), await deploy('B')];
  await deploy('C');
  await deploy('D');
  await rollBack(tenant, { steps: '2' });
  expect(overlay()).toContain(b);
  await rollBack(tenant, { steps: '1' });
  expect(overlay()).toContain(a);
  await expect(rollBack(tenant, { steps: '1' })).rejects.toThrow('production has nothing to go back to');
  expect(overlay()).toContain(a);
});

test("`to` takes a release's source, its commit and its digest, whole or short", async () => {
  const good = await deploy('good');
  const commit = tenant.remoteGit('rev-parse', 'main');
  const source = tenant.remoteGit('rev-parse', 'main~1');
  const bad = await deploy('bad');
  const before = tenant.remoteGit('rev-parse', 'main');
  for (const to of [source, source.slice(0, 8), commit, commit.slice(0, 8), good]) {
    expect((await rollBack(tenant, { to })).outcome).toBe('landed');
    expect(overlay()).toContain(good);
    tenant.remoteGit('update-ref', 'refs/heads/main', before);
    expect(overlay()).toContain(bad);
  }
});

test('a first release has nothing behind it; the revert that its summary advises takes it back', async () => {
  tenant.commit({ 'app/main.js': '// first\n' }, 'first');
  const images = { images: `discord-bot=${await build(tenant)}` };
  const first = await bump(tenant, images);
  const advised = first.summary.match(/a first release: `git revert ([0-9a-f]{7})`/)?.[1] ?? '';
  await expect(rollBack(tenant)).rejects.toThrow('production has nothing to go back to');
  tenant.git('pull', '-q', '--rebase', 'origin', 'main');
  tenant.git('revert', '--no-edit', advised);
  tenant.git('push', '-q', 'origin', 'main');
  expect((await bump(tenant, images)).outcome).toBe('held');
  expect(overlay()).not.toContain(first.images[0]?.to);
});

describe('a change by hand', () => {
  test('a revert of the bad release is meant: bumps answer held, and release ends it', async () => {
    const good = await deploy('good');
    const bad = await deploy('bad');
    tenant.git('pull', '-q', '--rebase', 'origin', 'main');
    tenant.git('revert', '--no-edit', 'HEAD');
    tenant.git('push', '-q', 'origin', 'main');
    expect(overlay()).toContain(good);
    const again = await bump(tenant, { images: `discord-bot=${bad}` });
    expect(again.outcome).toBe('held');
    expect(again.images[0]?.hold).toMatchObject({
      kind: 'manual',
      by: 'A Person',
      reason: expect.stringMatching(/^Revert/),
    });
    expect(overlay()).toContain(good);
    expect((await hold(tenant, { action: 'release' })).outcome).toBe('landed');
    expect(overlay()).toContain(bad);
  });
});
