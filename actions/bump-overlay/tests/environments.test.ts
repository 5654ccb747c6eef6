import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBranch, type TestBranch } from './branch.ts';
import { bump } from './bumps.ts';

let branch: TestBranch;

beforeEach(async () => {
  branch = await openBranch();
});

afterEach(() => branch.tenant.close());

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

  const setDeploys = (how: string): void => {
    const text = branch.tenant.remoteGit('show', 'main:slipway.yaml');
    branch.tenant.commit({
      'slipway.yaml': `${text.replace('overlays/production, deploys: on-push', `overlays/production, deploys: ${how}`)}\n`,
    });
  };

  test('one that deploys by hand is left out, refused to a push, and taken by a person', async () => {
    setDeploys('by-hand');
    const all = await bump(branch.tenant, { images: `discord-bot=${branch.digest(0)}`, environment: '' });
    expect(all.images.map(({ environment }) => environment)).toEqual(['staging']);
    await expect(branch.deploy(1)).rejects.toThrow('production takes releases by hand only');
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
    await expect(branch.deploy(1)).rejects.toThrow('production takes releases by promotion from staging only');
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
    await expect(bump(branch.tenant, { images: `discord-bot=${branch.digest(1)}`, environment: '' })).rejects.toThrow(
      '"discord-bot" is used by no overlay of staging',
    );
  });
});
