import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expectRefused } from '#tests/support/refusals.ts';
import { promote } from '#tests/support/writers.ts';
import { openBranch, type TestBranch } from './branch.ts';
import { bump } from './bumps.ts';

let branch: TestBranch;

beforeEach(async () => {
  branch = await openBranch();
});

afterEach(() => branch.tenant.close());

const refused = (name: string, run: () => Promise<unknown>) =>
  expectRefused(import.meta.dirname, name, branch.tenant, run);

describe('environments', () => {
  test('without a name, all that deploy on push land in one commit', async () => {
    const before = Number(branch.tenant.remoteGit('rev-list', '--count', 'main'));
    const result = await bump(branch.tenant, { images: `discord-bot=${branch.digest(0)}`, environment: '' });
    expect(result.images.map(({ environment, outcome }) => [environment, outcome])).toEqual([
      ['production', 'landed'],
      ['staging', 'landed'],
    ]);
    expect(Number(branch.tenant.remoteGit('rev-list', '--count', 'main'))).toBe(before + 1);
    for (const environment of ['production', 'staging'])
      expect(branch.tenant.readOverlay(environment)).toContain(branch.digest(0));
    const again = await bump(branch.tenant, { images: `discord-bot=${branch.digest(0)}`, environment: '' });
    expect(again.outcome).toBe('unchanged');
  });

  const setDeploys = (how: string, environment = 'production'): void => {
    const text = branch.tenant.remoteGit('show', 'main:slipway.yaml');
    const changed = text.replace(new RegExp(`(overlays/${environment}, deploys: )[^}]*`), `$1${how}`);
    branch.tenant.commit({ 'slipway.yaml': `${changed}\n` });
  };

  test('one that deploys by hand is left out, refused to a push, and taken by a person', async () => {
    setDeploys('by-hand');
    const all = await bump(branch.tenant, { images: `discord-bot=${branch.digest(0)}`, environment: '' });
    expect(all.images.map(({ environment }) => environment)).toEqual(['staging']);
    await refused('by-hand', () => branch.deploy(1));
    const byHand = await bump(
      branch.tenant,
      { images: `discord-bot=${branch.digest(1)}` },
      { GITHUB_EVENT_NAME: 'workflow_dispatch' },
    );
    expect(byHand.outcome).toBe('landed');
  });

  test('one that takes releases by promotion is left out, and refused by name', async () => {
    setDeploys('on-promotion, from: staging');
    const all = await bump(branch.tenant, { images: `discord-bot=${branch.digest(0)}`, environment: '' });
    expect(all.images.map(({ environment }) => environment)).toEqual(['staging']);
    await refused('on-promotion', () => branch.deploy(1));
    expect((await promote(branch.tenant, { image: 'discord-bot' })).outcome).toBe('landed');
    expect(branch.tenant.readOverlay()).toContain(branch.digest(0));
  });

  test('an image that an overlay does not use is left out there; one that none uses is refused', async () => {
    const staging = branch.tenant.readOverlay('staging');
    const without = staging.replace(/ {2}# discord-bot\n {2}- name: discord-bot\n.*\n.*\n/, '');
    branch.tenant.commit({
      'overlays/staging/kustomization.yaml': `${without.replace('../../base', 'sandbox.yaml')}\n`,
      'overlays/staging/sandbox.yaml': branch.tenant.remoteGit('show', 'main:base/dev-sandbox.yaml'),
    });
    const result = await bump(branch.tenant, { images: `discord-bot=${branch.digest(0)}`, environment: '' });
    expect(result.images.map(({ environment }) => environment)).toEqual(['production']);
    setDeploys('by-hand');
    const pushed = { images: `discord-bot=${branch.digest(1)}`, environment: '' };
    await refused('used-by-none', () => bump(branch.tenant, pushed));
    branch.tenant.commit({ 'overlays/staging/kustomization.yaml': `${staging}\n` });
    expect((await bump(branch.tenant, pushed)).outcome).toBe('landed');
  });

  test('where none deploys on push, a push that names none is refused; once one does, it lands there', async () => {
    for (const environment of ['production', 'staging']) setDeploys('by-hand', environment);
    const pushed = { images: `discord-bot=${branch.digest(0)}`, environment: '' };
    await refused('none-on-push', () => bump(branch.tenant, pushed));
    setDeploys('on-push', 'staging');
    expect((await bump(branch.tenant, pushed)).images.map(({ environment }) => environment)).toEqual(['staging']);
  });
});
